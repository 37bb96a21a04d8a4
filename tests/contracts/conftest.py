"""The small warehouse, for routes that need one to be made; a PostgreSQL for a deployment."""

from pathlib import Path

import pytest

from queries.warehouse import Warehouse
from tests.portal.conftest import postgres_folder, postgres_url
from tests.portal.small_warehouse import small_warehouse

__all__ = ["postgres_folder", "postgres_url"]


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return small_warehouse(tmp_path, rows=200)
