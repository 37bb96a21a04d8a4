"""The small warehouse, for routes that need one to be made."""

from pathlib import Path

import pytest

from queries.warehouse import Warehouse
from tests.portal.small_warehouse import small_warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return small_warehouse(tmp_path, rows=200)
