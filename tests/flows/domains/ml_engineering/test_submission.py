"""Submissions: read as hostile input, each fault with a reason code and a sentence that says what to mend."""

import pytest

from flows.domains.ml_engineering.scoring.submission import MAX_BYTES, Fault, Wanted, read_submission

NUMBERS = Wanted([7, 8, 9], "price", "rmse")
CHANCES = Wanted([7, 8, 9], "sick", "log_loss")
CLASSES = Wanted([7, 8, 9], "kind", "f1_macro", ("a", "b"))


def test_rows_may_come_in_any_order_with_columns_in_any_order() -> None:
    found = read_submission(b"price,row_id\r\n3,9\r\n1,7\r\n\r\n2e0,8\r\n", NUMBERS)
    assert not isinstance(found, Fault)
    assert found.tolist() == [1.0, 2.0, 3.0]


def test_classes_are_words_of_the_training_table() -> None:
    found = read_submission(b"\xef\xbb\xbfrow_id,kind\n7,a\n8,b\n9,a\n", CLASSES)
    assert not isinstance(found, Fault)
    assert found.tolist() == ["a", "b", "a"]


@pytest.mark.parametrize(
    ("wanted", "text", "reason", "sentence"),
    [
        (NUMBERS, b"", "wrong_columns", "the file has nothing"),
        (NUMBERS, b"row_id,cost\n7,1\n", "wrong_columns", "'cost'"),
        (NUMBERS, b"row_id,price,price\n7,1,1\n", "wrong_columns", "must be row_id and price"),
        (NUMBERS, b"row_id,price\n7,1,2\n", "wrong_columns", "3 cells"),
        (NUMBERS, b"row_id,price\n7,1\n8,1\n", "missing_rows", "1 rows of test.csv are missing, such as row_id '9'"),
        (NUMBERS, b"row_id,price\n7,1\n8,1\n9,1\n10,1\n", "wrong_ids", "'10'"),
        (NUMBERS, b"row_id,price\n7.0,1\n8,1\n9,1\n", "wrong_ids", "'7.0'"),
        (NUMBERS, b"row_id,price\n7,1\n8,1\n9,1\n9,2\n", "duplicate_ids", "1 rows repeat"),
        (NUMBERS, b"row_id,price\n7,nan\n8,1\n9,1\n", "not_a_number", "'nan'"),
        (NUMBERS, b"row_id,price\n7,\n8,inf\n9,1\n", "not_a_number", "2 predictions"),
        (NUMBERS, b"row_id,price\n7,1e300\n8,1\n9,1\n", "not_a_number", "'1e300'"),
        (NUMBERS, b"row_id,price\n7,1_0\n8,1\n9,1\n", "not_a_number", "'1_0'"),
        (CHANCES, b"row_id,sick\n7,1.2\n8,0\n9,1\n", "out_of_range", "probabilities"),
        (CLASSES, b"row_id,kind\n7,a\n8,c\n9,a\n", "unknown_class", "'c'"),
        (NUMBERS, b"\xff\xfe\x00", "not_text", "UTF-8"),
        (NUMBERS, b'row_id,price\n7,"1\n', "not_text", "CSV"),
        (NUMBERS, b"row_id,price\n" + b"7" * 200_000 + b",1\n", "not_text", "CSV"),
        (NUMBERS, b"x" * (MAX_BYTES + 1), "too_large", "bytes"),
    ],
)  # fmt: skip
def test_a_fault_has_a_reason(wanted: Wanted, text: bytes, reason: str, sentence: str) -> None:
    """A submission without a reason teaches nothing, and one that is guessed right passes by mistake."""
    found = read_submission(text, wanted)
    assert isinstance(found, Fault)
    assert found.reason == reason
    assert sentence in found.message
