from shop.pricing import bulk_discount, line_total, order_total, shipping


def test_bulk_discount():
    assert bulk_discount(1) == 0
    assert bulk_discount(20) == 10
    assert bulk_discount(1000) == 30


def test_line_total():
    assert line_total(250, 2) == 500
    assert line_total(100, 1, "welcome") == 90


def test_shipping_is_cheap_for_small_orders():
    assert shipping(1000, 1.0) > 0


def test_order_total():
    assert order_total([1000, 250]) == 1740
