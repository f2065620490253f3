from shop.text import shorten, slug


def test_slug():
    assert slug("Blue Shoes") == "blue-shoes"


def test_shorten_leaves_short_texts_alone():
    assert shorten("hello") == "hello"
