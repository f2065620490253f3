"""Members built on well-known libraries, which build/zoo holds."""
from members import member, write

HERE = {"venv": True}


@member("Django", some=True, kept=1, verdicts={"Killed": 1, "NoCoverage": 21}, says=(), **HERE)
def django(repo):
    """pytest-django, SQLite, a model, a view and a management command."""
    write(repo, {"manage.py": "import os, sys\nif __name__ == '__main__':\n    os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site_.settings')\n    from django.core.management import execute_from_command_line\n    execute_from_command_line(sys.argv)\n",
                 "pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = site_.settings\n", "site_/__init__.py": "", "site_/settings.py": """
        SECRET_KEY = "not one"
        DEBUG = False
        ALLOWED_HOSTS = ["*"]
        INSTALLED_APPS = ["django.contrib.contenttypes", "shop"]
        DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
        ROOT_URLCONF = "site_.urls"
        DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
        USE_TZ = True
        """, "site_/urls.py": "from django.urls import path\nfrom shop import views\n\nurlpatterns = [path('orders/<int:least>/', views.orders)]\n",
                 "shop/__init__.py": "", "shop/models.py": """
        from django.db import models

        class Order(models.Model):
            pieces = models.IntegerField()
            unit = models.IntegerField()

            def total(self):
                if self.pieces >= 10:
                    return self.pieces * self.unit - self.unit
                return self.pieces * self.unit
        """, "shop/views.py": """
        from django.http import JsonResponse
        from .models import Order

        def orders(request, least):
            found = Order.objects.filter(pieces__gte=least)
            return JsonResponse({"count": found.count()})

        def describe(count: int) -> str:
            if count == 0:
                return "none"
            return "many" if count > 1 else "one"
        """, "shop/migrations/__init__.py": "", "shop/migrations/0001_initial.py": """
        from django.db import migrations, models

        class Migration(migrations.Migration):
            initial = True
            dependencies = []
            operations = [migrations.CreateModel(name="Order", fields=[("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")), ("pieces", models.IntegerField()), ("unit", models.IntegerField())])]
        """, "shop/tests.py": """
        import pytest
        from django.test import TestCase
        from shop.models import Order

        class OrderTest(TestCase):
            def test_total(self):
                Order.objects.create(pieces=2, unit=3)
                self.assertEqual(Order.objects.get().total(), 6)
        """, "tests/test_views.py": """
        import pytest
        from shop.models import Order

        @pytest.mark.django_db
        def test_orders(client):
            Order.objects.create(pieces=10, unit=3)
            Order.objects.create(pieces=1, unit=3)
            assert client.get("/orders/5/").json() == {"count": 1}
        """})


@member("FastAPI and httpx", some=True, kept=1, verdicts={"Killed": 14, "Survived": 6, "NoCoverage": 1}, **HERE)
def fastapi(repo):
    write(repo, {"app/__init__.py": "", "app/main.py": """
        import httpx
        from fastapi import Depends, FastAPI, HTTPException
        from pydantic import BaseModel

        app = FastAPI()

        class Order(BaseModel):
            pieces: int
            unit: int = 3

        def limit() -> int:
            return 100

        @app.post("/orders")
        async def create(order: Order, most: int = Depends(limit)):
            total = order.pieces * order.unit
            if total > most:
                raise HTTPException(status_code=422, detail="too much")
            return {"total": total}

        @app.get("/label/{n}")
        def label(n: int) -> str:
            if n < 0:
                return "negative"
            return "zero" if n == 0 else "positive"

        async def fetch(client: httpx.AsyncClient, n: int) -> int:
            answer = await client.get("/label/%d" % n)
            return len(answer.json())
        """, "tests/test_main.py": """
        import asyncio
        import httpx
        from app.main import app, fetch

        def client():
            return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")

        def test_create():
            async def go():
                async with client() as c:
                    assert (await c.post("/orders", json={"pieces": 2})).json() == {"total": 6}
                    assert (await c.post("/orders", json={"pieces": 200})).status_code == 422
            asyncio.run(go())

        def test_fetch():
            async def go():
                async with client() as c:
                    return await fetch(c, 0)
            assert asyncio.run(go()) == 4
        """})


@member("asyncio", kept=1, verdicts={"Killed": 7, "Survived": 1, "NoCoverage": 12}, **HERE)
def asyncio_plugin(repo):
    """pytest-asyncio; what is left to test are coroutines."""
    write(repo, {"shop/__init__.py": "", "shop/jobs.py": """
        import asyncio

        async def total(numbers: list[int], most: int = 10) -> int:
            found = 0
            for n in numbers:
                await asyncio.sleep(0)
                found += n
                if found > most:
                    return most
            return found

        async def both(first: int, second: int) -> int:
            a, b = await asyncio.gather(total([first]), total([second]))
            return a + b

        def spread(jobs: int, workers: int) -> int:
            if workers < 1:
                raise ValueError("no workers")
            return -(-jobs // workers)
        """, "tests/test_jobs.py": """
        import pytest
        from shop.jobs import total

        @pytest.mark.asyncio
        async def test_total():
            assert await total([1, 2]) == 3
            assert await total([20]) == 10
        """})


@member("pydantic", kept=1, verdicts={"Killed": 2, "NoCoverage": 16}, **HERE)
def pydantic(repo):
    write(repo, {"shop/__init__.py": "", "shop/order.py": """
        from pydantic import BaseModel, Field, field_validator

        class Order(BaseModel):
            pieces: int = Field(ge=0)
            unit: int = 3
            note: str = ""

            @field_validator("note")
            @classmethod
            def tidy(cls, value: str) -> str:
                if not value:
                    return "none"
                return value.strip().lower()

            def total(self) -> int:
                if self.pieces >= 10:
                    return self.pieces * self.unit - self.unit
                return self.pieces * self.unit

        def heavier(a: Order, b: Order) -> Order:
            if a.pieces >= b.pieces:
                return a
            return b
        """, "tests/test_order.py": "from shop.order import Order\n\ndef test_note():\n    assert Order(pieces=1, note=' A ').note == 'a'\n"})


@member("attrs", kept=1, verdicts={"Killed": 3, "Survived": 4, "NoCoverage": 9}, **HERE)
def attrs(repo):
    write(repo, {"shop/__init__.py": "", "shop/box.py": """
        import attrs

        @attrs.define(frozen=True)
        class Box:
            width: int
            height: int = attrs.field(default=2, validator=attrs.validators.gt(0))

            def area(self) -> int:
                if self.width > 10:
                    return 100
                return self.width * self.height

            def fits(self, other: "Box") -> bool:
                return self.width <= other.width and self.height <= other.height
        """, "tests/test_box.py": "from shop.box import Box\n\ndef test_area():\n    assert Box(3).area() == 6\n"})


@member("numpy and pandas", some=True, kept=1, verdicts={"Killed": 8, "Survived": 3, "NoCoverage": 7}, **HERE)
def numbers(repo):
    write(repo, {"stats/__init__.py": "", "stats/core.py": """
        import numpy as np
        import pandas as pd

        def scale(values: np.ndarray, factor: float = 2.0) -> np.ndarray:
            if values.size == 0:
                return values
            return values * factor

        def totals(frame: pd.DataFrame) -> pd.Series:
            kept = frame[frame["pieces"] > 0]
            return kept.groupby("shop")["pieces"].sum()

        def grade(mean: float) -> str:
            if mean >= 0.5:
                return "high"
            return "low"
        """, "tests/test_core.py": """
        import numpy as np
        import pandas as pd
        from stats.core import scale, totals

        def test_scale():
            assert np.array_equal(scale(np.array([1.0, 2.0])), np.array([2.0, 4.0]))

        def test_totals():
            frame = pd.DataFrame({"shop": ["a", "a", "b"], "pieces": [1, 2, 0]})
            assert totals(frame).to_dict() == {"a": 3}
        """})


@member("click", kept=1, verdicts={"Killed": 8, "Survived": 4, "NoCoverage": 1}, **HERE)
def click(repo):
    write(repo, {"src/tool/__init__.py": "", "src/tool/cli.py": """
        import click

        def plural(count: int, word: str) -> str:
            if count == 1:
                return "1 " + word
            return "%d %ss" % (count, word)

        @click.command()
        @click.argument("count", type=int)
        @click.option("--word", default="piece")
        def main(count, word):
            if count < 0:
                raise click.BadParameter("must not be negative")
            click.echo(plural(count, word))
        """, "tests/test_cli.py": """
        from click.testing import CliRunner
        from tool.cli import main

        def test_main():
            done = CliRunner().invoke(main, ["2"])
            assert done.output == "2 pieces\\n" and done.exit_code == 0
            assert CliRunner().invoke(main, ["--", "-1"]).exit_code == 2
        """})


@member("Flask", kept=1, verdicts={"Killed": 5, "Survived": 1, "NoCoverage": 6}, **HERE)
def flask(repo):
    write(repo, {"web.py": """
        from flask import Flask, jsonify, request

        def create_app():
            app = Flask(__name__)

            @app.get("/total")
            def total():
                pieces = int(request.args.get("pieces", 0))
                return jsonify(total=pieces * 3)

            return app

        def parse(text: str) -> int:
            if not text:
                return 0
            return int(text) + 1
        """, "tests/conftest.py": "import pytest\nfrom web import create_app\n\n@pytest.fixture\ndef client():\n    return create_app().test_client()\n",
                 "tests/test_web.py": "def test_total(client):\n    assert client.get('/total?pieces=2').json == {'total': 6}\n"})


@member("dataclasses and enums", kept=2, verdicts={"NoCoverage": 14})
def dataclass(repo):
    write(repo, {"shop/__init__.py": "", "shop/order.py": """
        from __future__ import annotations
        import dataclasses
        import enum

        class Size(enum.Enum):
            SMALL = 1
            LARGE = 2

        @dataclasses.dataclass(frozen=True)
        class Order:
            pieces: int
            size: Size = Size.SMALL

            def weight(self) -> int:
                if self.size is Size.LARGE:
                    return self.pieces * 5
                return self.pieces * 2

        def larger(a: Size, b: Size) -> Size:
            if a.value >= b.value:
                return a
            return b
        """, "tests/test_order.py": "from shop.order import Order\n\ndef test_weight():\n    assert Order(1)\n"})


@member("hypothesis", kept=1, verdicts={"Killed": 20, "Survived": 1, "NoCoverage": 7}, **HERE)
def hypothesis(repo):
    write(repo, {"codec.py": """
        def pack(numbers: list[int]) -> list[tuple[int, int]]:
            found: list[tuple[int, int]] = []
            for n in numbers:
                if found and found[-1][0] == n:
                    found[-1] = (n, found[-1][1] + 1)
                else:
                    found.append((n, 1))
            return found

        def unpack(pairs: list[tuple[int, int]]) -> list[int]:
            return [n for n, count in pairs for _ in range(count)]

        def ratio(before: int, after: int) -> float:
            if before == 0:
                return 1.0
            return after / before
        """, "test_codec.py": """
        from hypothesis import given, strategies as st
        from codec import pack, unpack

        @given(st.lists(st.integers(0, 3)))
        def test_round_trip(numbers):
            assert unpack(pack(numbers)) == numbers
        """})
