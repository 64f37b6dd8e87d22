"""Tables of text: separators, headers, comments and formats are recognised from the content."""

import gzip

import pytest
from common.formats import seen

from skcluster.io import read_clusters, read_table

ID = 604917594995372544
#: What all tables below hold: a cluster whose name has a blank, an identifier and a colour missing.
STARS = {
    "source_id": [ID + 1, None, ID + 3],
    "phot_g_mean_mag": [12.1, 13.5, 9.8],
    "bp_rp": [1.0, 0.9, 0.4],
    "parallax": [1.15, 1.25, None],
}
CLUSTERS = ["NGC 2682", "NGC 2682", "Melotte22"]
ROWS = [
    ["NGC 2682", f"{ID + 1}", "12.1", "1.0", "1.15"],
    ["NGC 2682", "", "13.5", "0.9", "1.25"],
    ["Melotte22", f"{ID + 3}", "9.8", "0.4", ""],
]
NAMES = ["Name", "Source", "Gmag", "BP-RP", "Plx"]


def lines(sign: str, names: list[str] | None = NAMES, quote: str = "", missing: str = "") -> str:
    rows = [[quote + row[0] + quote, *(text or missing for text in row[1:])] for row in ROWS]
    return "".join(sign.join(row) + "\n" for row in ([names] if names else []) + rows)


MRT = f"""\
Title: Members of open clusters
Authors: Doe J., Roe R.
Table: Members
================================================================================
Byte-by-byte Description of file: datafile1.txt
--------------------------------------------------------------------------------
   Bytes Format Units   Label     Explanations
--------------------------------------------------------------------------------
   1-  9 A9     ---     Name      Name of the cluster
  11- 29 I19    ---     Source    ? Gaia identifier
  31- 34 F4.1   mag     Gmag      Mean magnitude
  36- 38 F3.1   mag     BP-RP     ? Colour
  40- 46 F7.5   arcsec  Plx       ? Parallax
--------------------------------------------------------------------------------
NGC 2682  {ID + 1:19} 12.1 1.0 0.00115
NGC 2682  {"":19} 13.5 0.9 0.00125
Melotte22 {ID + 3:19}  9.8 0.4
"""
VIZIER_HEAD = "#\n#   VizieR Astronomical Server\n#Column\tName\t(A9)\n\n"
FIXED = f"""\
Name      Source              Gmag BP-RP Plx
                              mag  mag   arcsec
--------- ------------------- ---- ----- -------
NGC 2682  {ID + 1:19} 12.1   1.0 0.00115
NGC 2682  {"":19} 13.5   0.9 0.00125
Melotte22 {ID + 3:19}  9.8   0.4
"""
IPAC = f"""\
\\origin = 'IRSA'
|Name      |Source             |Gmag  |BP-RP |Plx    |
|char      |long               |double|double|double |
|          |                   |mag   |mag   |arcsec |
|null      |null               |null  |null  |null   |
 NGC 2682   {ID + 1:19}  12.1   1.0   0.00115
 NGC 2682                  null  13.5   0.9   0.00125
 Melotte22  {ID + 3:19}   9.8   0.4      null
"""
ECSV = f"""\
# %ECSV 1.0
# ---
# datatype:
# - {{name: Name, datatype: string}}
# - {{name: Source, datatype: int64}}
# - {{name: Gmag, datatype: float64}}
# - {{name: BP-RP, datatype: float64}}
# - {{name: Plx, datatype: float64}}
{lines(" ", quote='"', missing="null")}"""
UNITS = ["", "", "mag", "mag", "mas"]


def vizier(sign: str) -> str:
    rows = lines(sign).splitlines()
    dashes = sign.join("-" * len(name) for name in NAMES)
    return VIZIER_HEAD + "\n".join([rows[0], sign.join(UNITS), dashes, *rows[1:], "", "#END#", ""])


def of_r(sign: str) -> str:
    head, *rows = lines(sign, [f'"{name}"' for name in NAMES], '"', "NA").splitlines()
    return "\n".join([head, *(f'"{i}"{sign}{row}' for i, row in enumerate(rows, 1)), ""])


LAYOUTS = {
    "commas": lines(","),
    "commas and blanks": lines(" , "),
    "comments": "# an export, made today\n# of, two clusters\n\n" + lines(","),
    "comments below": lines(",") + "# the end\n\n#END#\n",
    "mark of the byte order": "\ufeff" + lines(","),
    "Windows": lines(",").replace("\n", "\r\n"),
    "Macintosh": lines(",").replace("\n", "\r"),
    "semicolons": lines(";"),
    "decimal commas": lines(";").replace(".", ","),
    "tabs": lines("\t"),
    "bars": lines("|"),
    "blanks": lines(" ", quote='"', missing="nan"),
    "more blanks": lines("   ", quote='"', missing="null"),
    "header as comment": "# Name Source Gmag BP-RP Plx\n" + lines(" ", None, '"', "NaN"),
    "header as comment, commas": "#Name,Source,Gmag,BP-RP,Plx\n" + lines(",", None),
    "VizieR, tabs": vizier("\t"),
    "VizieR, semicolons": vizier(";"),
    "VizieR, bars": vizier("|"),
    "VizieR without units": vizier("\t").replace("\tmag", "\t   ").replace("\tmas", "\t   "),
    "VizieR, aligned": VIZIER_HEAD + FIXED,
    "machine-readable table": MRT,
    "IPAC": IPAC,
    "ECSV": ECSV,
    "rows that end in separators": lines(",").replace("\n", ",,,\n").replace("Plx,,,", "Plx"),
    "header that ends in a separator": lines(",").replace("\n", ",\n"),
    "blank rows": lines(",") + ",,,,\n  \n\t\n",
    "row names of R": of_r(","),
    "row names of R, blanks": of_r(" "),
}


@pytest.mark.parametrize(
    ("layout", "extension"),
    [*((layout, "dat") for layout in LAYOUTS)]
    + [("VizieR, tabs", name) for name in ("csv", "tsv", "txt", "mrt", "tbl", "csv.gz", "ecsv")],
)
def test_a_layout_is_recognised_whatever_the_extension(layout, extension, tmp_path):
    file = tmp_path / f"members.{extension}"
    text = LAYOUTS[layout].encode()
    file.write_bytes(gzip.compress(text) if extension.endswith("gz") else text)
    found = seen("read_clusters", file, tmp_path)
    assert found.stars["cluster"] == CLUSTERS
    for name, values in STARS.items():
        assert found.stars[name] == [
            v if v is None else pytest.approx(v, rel=1e-15, abs=0) for v in values
        ]
    assert found.messages == []


FIRST = r"its first lines are 'cluster,Gmag,BP-RP', "
REFUSED = {
    "row numbers": (
        "cluster,Gmag,BP-RP\n1,a,12.5,0.5\n2,a,13.5,0.6\n",
        rf"line 2 has 4 .* the header has 3 \(separated by commas\); {FIRST}'1,a,12.5,0.5'",
    ),
    "a row too long": (
        "cluster,Gmag,BP-RP\na,12.5,0.5\na,13.5,0.6\n#\na,13.5,0.7,8\n",
        rf"line 5 has 4 fields, but the header has 3 .*{FIRST}",
    ),
    "much too long": (
        "cluster,Gmag,BP-RP\na,12.5,0.5\na,13.5,0.6\na,13.5,0.7,,,8\n",
        rf"line 4 has 6 fields, but the header has 3 .*{FIRST}",
    ),
    "long below": (
        "cluster,Gmag,BP-RP\n" + "a,12.5,0.5\n" * 10**5 + "a,1,2,3,4\n",
        rf"line 100002 has 5 fields, but the header has 3 .*{FIRST}",
    ),
    "identifiers in quotes": (
        'id,Gmag,BP-RP\n"7","12.5","0.5",1\n"5","13.5","0.6",1\n',
        "line 2 has 4 fields, but the header has 3",
    ),
    "short, blanks": (
        "cluster Gmag BP-RP\na 12.5 0.5\na 13.5\n",
        r"line 3 has 2 fields, but the header has 3 \(separated by blanks\)",
    ),
    "names with blanks": (
        "cluster Gmag BP-RP\na 12.5 0.5\na 12.5 0.5\nNGC 1 13.5 0.6\n",
        "line 4 has 4 fields, but the header has 3",
    ),
    "no header": (
        "1.5 12.5 0.5\n2.5 13.5 0.5\n",
        "no line names its columns; its first lines are '1.5 12.5 0.5', '2.5",
    ),
    "no header, commas": (
        "NGC 1,12.5,0.5\nNGC 1,13.5,0.5\n",
        "no line names its columns; its first lines are 'NGC 1,12.5,0.5'",
    ),
    "a title": (
        "My export\ncluster,Gmag,BP-RP\na,12.5,0.5\n",
        "no separator divides its lines alike; its first lines are 'My export', 'cluster",
    ),
    "a page": (
        "<!DOCTYPE html>\n<html>Not found</html>\n",
        "it is HTML or XML, not a table of text; its first lines are '<!DOC",
    ),
    "two tables of a journal": (MRT + MRT, "it contains 2 tables"),
    "two tables of VizieR": (vizier(";") * 2, "it contains 2 tables"),
    "comments": ("# only\n#END#\n", "comments only"),
    "two columns of a name": ("a b b\n1 2 3\n", "more than one column 'b'"),
    "two columns of a name, aligned": (
        FIXED.replace("BP-RP", "Gmag "),
        "more than one column 'Gmag'",
    ),
    "two columns of a name, bars": (IPAC.replace("BP-RP", "Gmag "), "more than one column 'Gmag'"),
    "escapes": ("\x1b[31m x y\n\x1b z\n", r"first lines are '\\x1b"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused_with_its_first_lines(case, tmp_path):
    text, reason = REFUSED[case]
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(ValueError, match=rf"m\.csv cannot be read as csv: .*{reason}") as e:
        read_clusters(tmp_path / "m.csv")
    assert len(str(e.value).splitlines()) == 1


def test_rows_that_look_like_comments_are_told(tmp_path):
    (tmp_path / "m.csv").write_text("cluster,Gmag,BP-RP\n#1,12.5,0.5\na,13.5,0.5\n# end\n")
    with pytest.warns(UserWarning, match="Left out 1 lines of the table that begin with '#'"):
        assert read_clusters(tmp_path / "m.csv").index.tolist() == ["a"]


def test_texts_of_several_lines(tmp_path):
    text = 'cluster,Gmag,"BP-RP",note\na,12.5,0.5,"one\ntwo"\na,13.5,0.6,three\n'
    (tmp_path / "m.csv").write_text(text)
    assert read_table(tmp_path / "m.csv")["note"].tolist() == ["one\ntwo", "three"]


def test_numbers_may_be_names_of_columns(tmp_path):
    (tmp_path / "m.csv").write_text("0,1,2\na,12.5,0.5\n")
    names = {"0": "cluster", "1": "phot_g_mean_mag", "2": "bp_rp"}
    assert read_clusters(tmp_path / "m.csv", columns=names).index.tolist() == ["a"]


def test_texts_of_a_folder_are_not_taken_as_tables(tmp_path):
    (tmp_path / "README.txt").write_text("Lists of members.\n")
    (tmp_path / "m.dat").write_text("cluster Gmag BP-RP\na 12.5 0.5\n")
    assert read_clusters(tmp_path).index.tolist() == ["a"]
