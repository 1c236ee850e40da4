"""How values of numpy, pandas, pyarrow and other libraries are taken apart."""
