"""Files that appear only once they are whole, and their names."""

from pathlib import Path

import pytest

from skcluster._utils.files import file_names, whole_file


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "table.txt"
    with whole_file(path, overwrite=False) as half:
        half.write_text("new")
        assert not path.exists()
        assert half.parent == tmp_path  # a rename within one file system cannot fail half-way
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_what_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "table.txt"
    path.write_text("old")

    def fail_half_way() -> None:
        with whole_file(path, overwrite=True) as half:
            half.write_text("new")
            raise error

    with pytest.raises(error):
        fail_half_way()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_is_not_replaced_unasked(tmp_path: Path) -> None:
    path = tmp_path / "table.txt"
    path.write_text("old")
    with (
        pytest.raises(FileExistsError, match="overwrite=True replaces it"),
        whole_file(path, False),
    ):
        pass
    with whole_file(path, True) as half:
        half.write_text("new")
    assert path.read_text() == "new"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(FileNotFoundError, match=r"no folder .*none"),
        whole_file(tmp_path / "none" / "table.txt", False),
    ):
        pass


@pytest.mark.parametrize("name", ["a" * 250, "\u03b1" * 120])
def test_a_name_as_long_as_names_can_be(tmp_path: Path, name: str) -> None:
    with whole_file(tmp_path / name, overwrite=False) as half:
        half.write_text("new")
    assert (tmp_path / name).read_text() == "new"


def test_every_name_gets_a_file_of_its_own(tmp_path: Path) -> None:
    names = ["NGC 2682", "ngc/2682", "..", "M 67", "m 67"]
    files = file_names(names, tmp_path, "png")
    assert list(files) == names
    assert len({file.name.lower() for file in files.values()}) == len(names)
    assert {file.parent for file in files.values()} == {tmp_path}
    assert files["M 67"].name == "M_67.png"
    assert files[".."].name == "cluster.png"
