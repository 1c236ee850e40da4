"""What is shown and written of values holds no secrets, and ordinary values can be read."""

from __future__ import annotations

import base64
import random
import secrets
import string

import pytest

from brinery._keying.report.shown import DOTS, looks_secret, shorten, sounds_secret

SECRET_TEXTS = """
https://user:pw@example.com/x
postgres://me:hunter2@db/x
postgresql+psycopg2://me:hunter2@db:5432/x
mysql://root:pw@localhost
redis://:hunter2@localhost:6379/0
mongodb+srv://me:hunter2@cluster0.mongodb.net/
amqp://guest:guest@localhost//
postgres://u:p/w@host/db
the database is at postgres://me:hunter2@db/x, as ever
https://ghp_abcdefABCDEF0123456789abcdefABCDEF01@github.com/o/r
https://hooks.slack.com/services/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
https://bucket.s3.amazonaws.com/x?X-Amz-Signature=0123abcd&X-Amz-Expires=60
https://account.blob.core.windows.net/c/b?sv=2022&sig=abcd%2Fefgh
https://x.org/f?sig=abcdefgh&e=1
https://x.org/?access_token=abcdefgh
host=db user=me password=hunter2
user=me password=hunter2 host=x
Server=db;Uid=me;Pwd=hunter2;
mysql -u me --password=hunter2 db
export API_KEY=abcdef
{"password": "hunter2"}
password: hunter2
DefaultEndpointsProtocol=https;AccountName=me;AccountKey=abc+def/ghi==;
Bearer abcdefghijklmnop
bearer 12345678
Authorization: Bearer abc.def.ghi
Authorization: Basic dXNlcjpwYXNzd29yZA==
Basic dXNlcjpwYXNzd29yZA==
Cookie: session=abcdef
X-API-Key: abcdefgh1
curl -H 'Authorization: token abcdef12' https://api.github.com
AKIAIOSFODNN7EXAMPLE
ASIAIOSFODNN7EXAMPLE
wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def_ghi
ghp_16C7e42F292c6912E7710c838347Ae178B4a
github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuv
glpat-abcDEF123456ghiJKL78
sk-proj-abc123DEF456ghi789
sk_live_4eC39HqLyjWDarjtT1zdp7dc
xoxb-1234567890-abcdefghij1
AIzaSyA1234567890abcdefghijklmnopqrstuvw
hf_abcdefGHIJKL0123456789mnopqr
pypi-AgEIcHlwaS5vcmcCJDU1
9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
5f4dcc3b5aa765d61d8327deb882cf99
-----BEGIN RSA PRIVATE KEY-----
-----BEGIN OPENSSH PRIVATE KEY-----
"""

ORDINARY_TEXTS = """
a quite ordinary text of some words, which says nothing that anybody would hide from anybody
meta-llama/Llama-3.1-70B-Instruct
sentence-transformers/all-MiniLM-L6-v2
distilbert-base-uncased-finetuned-sst-2-english
gpt-4o-mini-2024-07-18
claude-3-5-sonnet-20241022
RandomForestClassifier
HTTPServerRequestHandler2
CIFAR10_ResNet50_bs128_lr0.001_seed42
model_resnet50_epoch100_bs32_lr1e-4
experiment_12_run_3_fold_2
dataTrain2024Batch7Run3a
LHC_Run3_2024B_MuonEG_NanoAODv12
Sentinel2_L2A_T32TQM_20240715
Landsat8_OLI_TIRS_C2L2_190027
ERA5_t2m_1979_2024_monthly
ENSG00000139618.15
NC_000001.11:g.12345A>G
chr17:43044295-43125483
CC(=O)Oc1ccccc1C(=O)O
InChIKey=RYYVLZVUVIJVGH-UHFFFAOYSA-N
MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQVK
ACGTACGTTAGCCATAACGTACGTTAGCCATA
10.1103/PhysRevLett.116.061102
2026-12-01T05:22:33.123456+00:00
v1.2.3-rc.1+build.20241201
numpy-2.3.1-cp311-cp311-manylinux_2_17_x86_64.whl
x86_64-unknown-linux-gnu
123e4567-e89b-12d3-a456-426614174000
6f1ed002ab5595859014ebf0951522d9a3b4c5d6
sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
/home/me/.cache/huggingface/blobs/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
C:\\Users\\me\\Data2024\\x.csv
data/Train2024/Batch7/Run3a
s3://my-bucket/data/2024/part-00001.parquet
https://en.wikipedia.org/wiki/Main_Page?action=raw
http://localhost:8080/api/v1/users/42
http://user@host/path
https://example.org/@scope/package
postgresql://localhost:5432/db
git@github.com:owner/repo.git
ssh://git@github.com/owner/repo
user.name@example.com
abcdefghijklmnopqrstuvwxyz0123456789
ABCDEFGHIJKLMNOPQRSTUVWXYZ
the key: value
key=value
sort by key=len
max_tokens=100
A token: of my esteem
Basic training camp
Bearer of good news and more
mode: w, encoding: utf-8
SELECT * FROM t WHERE key=5
TfidfVectorizer(max_features=1000)
+proj=utm +zone=33
12345678901234567890
"""


def lines_of(table: str) -> list[str]:
    return table.strip().splitlines()


@pytest.mark.parametrize("text", lines_of(SECRET_TEXTS))
def test_what_looks_secret_is_not_shown(text):
    """Whatever the name is under which it is kept."""
    assert looks_secret(text)
    assert shorten(text) in (DOTS, f"<str of {len(text)}>")


@pytest.mark.parametrize("text", lines_of(ORDINARY_TEXTS))
def test_what_people_like_to_read_is_shown(text):
    """Names, paths, numbers, identifiers, commits."""
    assert not looks_secret(text)


@pytest.mark.parametrize(
    "make",
    [
        lambda: secrets.token_hex(32),
        lambda: secrets.token_hex(16),
        lambda: secrets.token_urlsafe(24),
        lambda: secrets.token_urlsafe(32),
        lambda: base64.b64encode(random.randbytes(30)).decode(),
        lambda: "".join(random.choices(string.ascii_letters + string.digits, k=20)),
        lambda: "".join(random.choices(string.ascii_letters + string.digits, k=32)),
        lambda: "".join(random.choices(string.ascii_lowercase + string.digits, k=32)),
    ],
    ids=["hex 32", "hex 16", "urlsafe 24", "urlsafe 32", "base64", "letters 20", "letters 32", "small letters 32"],
)
def test_long_random_texts_are_not_shown(make):
    """Nearly all of them, as chance makes words, too."""
    found = sum(looks_secret(make()) for _ in range(300))
    assert found >= 270


@pytest.mark.parametrize("name", ["password", "db_passwd", "API-Key", "apiKey", "authToken", "aws_secret_access_key"])
def test_names_tell(name):
    """In any case, with dashes or without."""
    assert sounds_secret(name)


@pytest.mark.parametrize("name", ["keyboard", "monkey", "x", "author", "tokyo", "passenger"])
def test_other_names_do_not(name):
    """Though a part of them might."""
    assert not sounds_secret(name)
