"""Tables separated by tabs, as VizieR writes them and others."""

import gzip

import numpy as np
import pytest

from skcluster.clusters import stars_of
from skcluster.io import read_clusters

VIZIER = """\
#
#   VizieR Astronomical Server vizier.cds.unistra.fr
#INFO	queryParameters=7
#RESOURCE=yCat_36730114
#Name: J/A+A/673/A114
#Title: Improving the open cluster census. II. (Hunt+, 2023)
#Table	J_A_A_673_A114_members:
#Column	Name	(A20)	Name [ucd=meta.id]

Name      | GaiaDR3           |Prob|Plx    |e_Plx|Gmag  |BPmag |RPmag
          |                   |    |arcsec |mas  |mag   |mag   |mag
----------|-------------------|----|-------|-----|------|------|------
NGC_2682  | 604917594995372544|0.93|0.00115|0.02 |12.100|12.600|11.600
NGC_2682  | 604917594995372545|1.00|       |     |13.500|14.000|13.000
Melotte 22|  65207709611941376|0.51|0.00740|0.03 | 9.800|10.000| 9.600

#END#
""".replace("|", "\t")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "hr23.tsv"
    path.write_text(VIZIER)
    return path


def test_names_units_and_blanks(file):
    X = read_clusters(file)
    assert X.index.tolist() == ["NGC_2682", "Melotte 22"]
    stars = stars_of(X)
    np.testing.assert_allclose(stars["parallax"], [1.15, np.nan, 7.4])
    np.testing.assert_allclose(stars["parallax_error"], [0.02, np.nan, 0.03])
    np.testing.assert_allclose(stars["bp_rp"], [1.0, 1.0, 0.4])
    assert stars["source_id"].tolist() == [
        604917594995372544,
        604917594995372545,
        65207709611941376,
    ]


def test_gzipped_and_by_format(file, tmp_path):
    zipped = tmp_path / "hr23.tsv.gz"
    zipped.write_bytes(gzip.compress(file.read_bytes()))
    assert stars_of(read_clusters(zipped)).counts.tolist() == [2, 1]
    other = file.rename(tmp_path / "asu.txt")
    assert len(read_clusters(other, format="tsv")) == 2


def test_plain_table(tmp_path):
    path = tmp_path / "plain.tsv"
    path.write_text("cluster\tGmag\tBP-RP\na\t12.0\t0.5\na\t13.0\t0.6\n")
    assert stars_of(read_clusters(path))["bp_rp"].tolist() == [0.5, 0.6]


def test_a_wrong_unit_is_refused(file):
    file.write_text(VIZIER.replace("arcsec ", "km     "))
    with pytest.raises(ValueError, match=r"hr23\.tsv: .*'parallax' is in 'km', which cannot"):
        read_clusters(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [(VIZIER * 2, "it contains 2 tables"), ("# only\n#END#\n", "comments only")],
)
def test_not_one_table(file, text, message):
    file.write_text(text)
    with pytest.raises(ValueError, match=rf"hr23\.tsv cannot be read as tsv: .*{message}"):
        read_clusters(file)
