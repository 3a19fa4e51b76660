import pytest

from desk import answers, search

pytestmark = pytest.mark.vcr


def test_a_question_is_answered():
    assert answers.answer("Where is my parcel?")


def test_an_answer_comes_word_by_word():
    assert len(list(answers.stream_answer("How long does delivery take?"))) > 1


def test_tickets_have_vectors():
    assert len(search.vectors("late parcel", "lost parcel")) == 2
