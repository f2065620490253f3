"""What is in stock."""

from dataclasses import dataclass
from typing import Dict, List


class OutOfStock(Exception):
    """Raised when more is asked for than there is."""


@dataclass
class Item:
    """A product on the shelf."""

    sku: str
    quantity: int = 0
    reserved: int = 0
    reorder_at: int = 5

    @property
    def available(self) -> int:
        return self.quantity - self.reserved

    def needs_reorder(self) -> bool:
        """True when what is left has fallen to the reorder level."""
        return self.available <= self.reorder_at


class Inventory:
    """Items by stock keeping unit."""

    def __init__(self) -> None:
        self._items: Dict[str, Item] = {}

    def add(self, sku: str, quantity: int) -> int:
        """Puts pieces on the shelf and returns how many there are now."""
        if quantity <= 0:
            raise ValueError("quantity must be positive")
        item = self._items.setdefault(sku, Item(sku))
        item.quantity += quantity
        return item.quantity

    def reserve(self, sku: str, quantity: int = 1) -> int:
        """Sets pieces aside for an order and returns how many are still available."""
        item = self._items.get(sku)
        if item is None or item.available < quantity:
            raise OutOfStock(f"not enough of {sku}")
        item.reserved += quantity
        return item.available

    def release(self, sku: str, quantity: int = 1) -> int:
        """Gives reserved pieces back; never more than were reserved."""
        item = self._items.get(sku)
        if item is None:
            return 0
        given_back = min(quantity, item.reserved)
        item.reserved -= given_back
        return given_back

    def available(self, sku: str) -> int:
        item = self._items.get(sku)
        return item.available if item else 0

    def to_reorder(self) -> List[str]:
        """What to order next, in alphabetical order."""
        return sorted(item.sku for item in self._items.values() if item.needs_reorder())


def reorder_quantity(available: int, weekly_sales: float, weeks: int = 4) -> int:
    """How many pieces to order so that the stock lasts; whole boxes of twelve."""
    missing = weekly_sales * weeks - available
    if missing <= 0:
        return 0
    boxes = int(missing // 12)
    if missing % 12:
        boxes += 1
    return boxes * 12
