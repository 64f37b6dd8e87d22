"""Words for messages."""

import pytest

from skcluster._utils.messages import some_names


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], ""),
        (["a"], "'a'"),
        (range(5), "0, 1, 2, 3, 4"),
        (iter("abcdefg"), "'a', 'b', 'c', 'd', 'e' and 2 more"),
    ],
)
def test_a_few_of_many_names(names, words):
    assert some_names(names) == words
