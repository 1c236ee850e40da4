"""Values that fetch what they say when they are asked are refused as arguments, and told where code reaches them."""

# A case is a line, however long, as in a table.
# ruff: noqa: E501
from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from everyday.program import needed
from freshness.edit import write_files
from freshness.many_processes import Do, Nursery


class Fetching(NamedTuple):
    """A value that says what stands in a file or a store.

    Attributes:
        what: the name of the case.
        made: statements that make what it reads from.
        value: an expression for it.
        taken: what the function takes from it, as `x`.
        needs: modules that are imported.
    """

    what: str
    made: str
    value: str
    taken: str
    needs: tuple[str, ...]


_CSV = "open('a.csv', 'w').write('a\\n1\\n')"
_PARQUET = "import pandas as pd\npd.DataFrame({'a': [1]}).to_parquet('a.parquet')"
_ZARR = "import zarr\nz = zarr.create_array('a.zarr', shape=(4,), dtype='i4', overwrite=True)\nz[:] = 1"
_H5 = "import h5py\nh = h5py.File('a.h5', 'w')\nh['a'] = [1, 2]"
_NII = "import nibabel, numpy as np\nnibabel.save(nibabel.Nifti1Image(np.ones((2, 2, 2), 'i2'), np.eye(4)), 'a.nii')"
# fmt: off
REFUSED = [
    Fetching("an array of zarr", _ZARR, "zarr.open_array('a.zarr')", "x[:].tolist()", ("zarr",)),
    Fetching("a group of zarr", "import zarr\ng = zarr.create_group('g.zarr', overwrite=True)", "zarr.open_group('g.zarr')", "list(x)", ("zarr",)),
    Fetching("an array of zarr in a dict", _ZARR, "{'a': [zarr.open_array('a.zarr')]}", "x['a'][0][:].tolist()", ("zarr",)),
    Fetching("an array of Dask over zarr", _ZARR + "\nimport dask.array as da", "da.from_zarr('a.zarr') + 1", "x.compute().tolist()", ("zarr", "dask")),
    Fetching("an array of Dask over HDF5", _H5 + "\nimport dask.array as da", "da.from_array(h['a'])", "x.compute().tolist()", ("h5py", "dask")),
    Fetching("a frame of Dask over a text file", _CSV + "\nimport dask.dataframe as dd", "dd.read_csv('a.csv')", "len(x.compute())", ("dask.dataframe",)),
    Fetching("a frame of Dask over Parquet", _PARQUET + "\nimport dask.dataframe as dd", "dd.read_parquet('a.parquet')", "len(x.compute())", ("dask.dataframe", "pyarrow")),
    Fetching("a bag of Dask over a text file", _CSV + "\nimport dask.bag as db", "db.read_text('a.csv')", "x.compute()", ("dask.bag",)),
    Fetching("a dataset of HDF5", _H5, "h['a']", "x[()].tolist()", ("h5py",)),
    Fetching("a file of HDF5", _H5, "h", "list(x)", ("h5py",)),
    Fetching("an image of nibabel", _NII, "nibabel.load('a.nii')", "float(x.get_fdata().sum())", ("nibabel",)),
    Fetching("an image of nibabel by its data", _NII, "nibabel.load('a.nii').dataobj", "float(np.asarray(x).sum())", ("nibabel",)),
    Fetching("a lazy frame over a text file", "import polars as pl\n" + _CSV, "pl.scan_csv('a.csv').filter(pl.col('a') > 0)", "x.collect().to_dicts()", ("polars",)),
    Fetching("a lazy frame over Parquet", "import polars as pl\n" + _PARQUET, "pl.scan_parquet('a.parquet')", "x.collect().to_dicts()", ("polars", "pandas", "pyarrow")),
    Fetching("lazy frames that are joined", "import polars as pl\n" + _CSV, "pl.DataFrame({'a': [1]}).lazy().join(pl.scan_csv('a.csv'), on='a')", "x.collect().to_dicts()", ("polars",)),
    Fetching("a dataset of Arrow", _PARQUET + "\nimport pyarrow.dataset as ds", "ds.dataset('a.parquet')", "x.to_table().num_rows", ("pyarrow", "pandas")),
    Fetching("a fragment of a dataset of Arrow", _PARQUET + "\nimport pyarrow.dataset as ds", "next(ds.dataset('a.parquet').get_fragments())", "x.to_table().num_rows", ("pyarrow", "pandas")),
    Fetching("a Parquet file", _PARQUET + "\nimport pyarrow.parquet as pq", "pq.ParquetFile('a.parquet')", "x.read().num_rows", ("pyarrow", "pandas")),
    Fetching("a relation of DuckDB", "import duckdb\n" + _PARQUET, "duckdb.sql(\"select * from 'a.parquet'\")", "x.fetchall()", ("duckdb", "pandas", "pyarrow")),
    Fetching("a variable of netCDF", "import netCDF4\nd = netCDF4.Dataset('a.nc', 'w')\nd.createDimension('x', 2)\nv = d.createVariable('a', 'i4', ('x',))", "v", "x[:].tolist()", ("netCDF4",)),
    Fetching("a dataset of xarray in pieces", "import numpy as np, xarray as xr\nxr.Dataset({'a': ('x', np.arange(4))}).to_netcdf('a.nc')", "xr.open_dataset('a.nc', chunks={})", "int(x.a.sum())", ("xarray", "dask", "netCDF4")),
]
HELD = [
    Fetching("an array of zarr in memory", "import zarr\nz = zarr.zeros(4)", "z", "x[:].tolist()", ("zarr",)),
    Fetching("an array of Dask over one in memory", "import numpy as np, dask.array as da", "da.from_array(np.arange(4)) + 1", "x.compute().tolist()", ("dask",)),
    Fetching("a frame of Dask over one in memory", "import pandas as pd, dask.dataframe as dd", "dd.from_pandas(pd.DataFrame({'a': [1]}), npartitions=1)", "len(x.compute())", ("dask.dataframe",)),
    Fetching("a lazy frame over one in memory", "import polars as pl", "pl.DataFrame({'a SCAN': [1]}).lazy()", "x.collect().to_dicts()", ("polars",)),
    Fetching("a dataset of Arrow in memory", "import pyarrow as pa, pyarrow.dataset as ds", "ds.dataset(pa.table({'a': [1]})).to_table()", "x.num_rows", ("pyarrow",)),
    Fetching("an array mapped from a file", "import numpy as np\nnp.arange(4).tofile('a.bin')", "np.memmap('a.bin', dtype=int, mode='r')", "x.tolist()", ("numpy",)),
    Fetching("a dataset of xarray opened lazily", "import numpy as np, xarray as xr\nxr.Dataset({'a': ('x', np.arange(4))}).to_netcdf('a.nc')", "xr.open_dataset('a.nc')", "int(x.a.sum())", ("xarray", "netCDF4")),
    Fetching("an image of Pillow", "from PIL import Image\nImage.new('L', (2, 2)).save('a.png')", "Image.open('a.png')", "x.size", ("PIL",)),
    Fetching("a config", "from omegaconf import OmegaConf", "OmegaConf.create({'a': 1, 'b': '${a}'})", "x.b", ("omegaconf",)),
]
# fmt: on


@needed(REFUSED)
def test_what_fetches_is_refused_before_the_call(program: Fetching, tmp_path: Path, nurseries: list[Nursery]) -> None:
    """The error names the argument, and what to pass instead; with `ignore` the call is made."""
    source = f"{program.made}\n@cache\ndef f(x): return {program.taken}\n"
    write_files(tmp_path, source)
    with pytest.raises(AssertionError) as caught:
        nurseries[0].run(tmp_path, f"f({program.value})")
    assert "UnkeyableError: x" in str(caught.value)
    assert ": pass " in str(caught.value)
    write_files(tmp_path, source.replace("@cache", "@cache(ignore=['x'])"))
    ran = nurseries[1].run(tmp_path, f"f({program.value})")
    assert ran.values == ran.truths


@needed(REFUSED)
def test_what_fetches_is_told_where_code_reaches_it(
    program: Fetching, tmp_path: Path, nurseries: list[Nursery]
) -> None:
    """The call is made and `explain` lists the value."""
    write_files(
        tmp_path, f"{program.made}\nV = {program.value}\n@cache\ndef f(): return (lambda x: {program.taken})(V)\n"
    )
    ran = nurseries[0].run(tmp_path, "f()", "'main.V' in str(f.explain())")
    assert ran.values[0] == ran.truths[0]
    assert ran.values[1] == "True"


@needed(HELD)
def test_what_holds_all_that_it_says_is_keyed(program: Fetching, tmp_path: Path, nurseries: list[Nursery]) -> None:
    """A value that is made alike in another process finds the result."""
    write_files(tmp_path, f"{program.made}\n@cache\ndef f(x): return {program.taken}\n")
    first = nurseries[0].run(tmp_path, f"f({program.value})", f"f({program.value})")
    assert first.values == first.truths
    assert first.computed == [1, 0]
    second = nurseries[1].run(tmp_path, f"f({program.value})")
    assert second.values == second.truths
    assert second.computed == [0]


_CONFIG = "import os\nfrom omegaconf import OmegaConf\nos.environ['V'] = 'a'\nc = OmegaConf.create({'a': '${oc.env:V}', 'b': {'c': '${a}'}})\n"


@needed(
    [
        Fetching("whole", _CONFIG, "c", "x.a", ("omegaconf",)),
        Fetching("in part", _CONFIG, "c.b", "x.c", ("omegaconf",)),
        Fetching("reached", _CONFIG, "0", "c.a", ("omegaconf",)),
    ]
)
def test_a_config_counts_by_what_it_resolves_to(program: Fetching, tmp_path: Path, nurseries: list[Nursery]) -> None:
    """Another value of the environment variable recomputes, and the former one is found again."""
    write_files(tmp_path, f"{program.made}\n@cache\ndef f(x): return {program.taken}\n")
    call, change = f"f({program.value})", "os.environ['V'] = "
    ran = nurseries[0].run(tmp_path, call, call, Do(change + "'b'"), call, call, Do(change + "'a'"), call)
    assert ran.values == ran.truths == ["'a'", "'a'", "'b'", "'b'", "'a'"]
    assert ran.computed == [1, 0, 1, 0, 0]
    assert ran.warnings == []
