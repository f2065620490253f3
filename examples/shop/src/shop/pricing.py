"""Prices in cents, discounts and shipping."""

from typing import Iterable, Optional

FREE_SHIPPING_FROM = 5000
COUPONS = {"WELCOME": 10, "SUMMER": 15, "VIP": 25}


def bulk_discount(quantity: int) -> int:
    """Percent off for a quantity: 10 from ten pieces, 20 from fifty, 30 from two hundred.

    >>> bulk_discount(9)
    0
    >>> bulk_discount(120)
    20
    """
    if quantity < 0:
        raise ValueError(f"quantity must not be negative: {quantity}")
    if quantity >= 200:
        return 30
    if quantity >= 50:
        return 20
    if quantity >= 10:
        return 10
    return 0


def line_total(unit_price: int, quantity: int, coupon: Optional[str] = None) -> int:
    """What one line of an order costs, in cents, rounded down in the customer's favour."""
    percent = bulk_discount(quantity)
    if coupon is not None:
        percent = max(percent, COUPONS.get(coupon.strip().upper(), 0))
    return unit_price * quantity * (100 - percent) // 100


def shipping(total: int, weight: float, express: bool = False) -> int:
    """Shipping in cents: free from a total of 50.00 unless express or heavier than 20 kg."""
    if weight <= 0:
        raise ValueError("weight must be positive")
    if total >= FREE_SHIPPING_FROM and not express and weight <= 20:
        return 0
    cost = 490
    if weight > 5:
        cost += 300
    if weight > 20:
        cost += 1500
    if express:
        cost *= 2
    return cost


def order_total(lines: Iterable[int], weight: float = 1.0, express: bool = False) -> int:
    """The sum of the lines with shipping; an empty order costs nothing."""
    total = sum(lines)
    if total == 0:
        return 0
    return total + shipping(total, weight, express)


def format_price(cents: int, currency: str = "EUR") -> str:
    """A price for people.

    >>> format_price(123456)
    'EUR 1,234.56'
    >>> format_price(-5, 'USD')
    '-USD 0.05'
    """
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    return f"{sign}{currency} {whole:,}.{rest:02d}"
