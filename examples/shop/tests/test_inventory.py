import pytest

from shop.inventory import Inventory, OutOfStock


def test_add_and_reserve():
    inventory = Inventory()
    assert inventory.add("mug", 10) == 10
    inventory.reserve("mug", 3)
    assert inventory.available("mug") == 7


def test_reserve_needs_stock():
    inventory = Inventory()
    inventory.add("mug", 1)
    with pytest.raises(OutOfStock):
        inventory.reserve("mug", 5)
