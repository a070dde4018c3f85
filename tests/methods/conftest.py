"""A small method file that tests change one line at a time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tanhui_methods import FactorTable, Method, MethodError, load_method, read_factors

FACTORS = """factor,region,year,value,unit,source,status,valid_from,valid_to,best_before,note
grid,CN-43,2022,0.4900,kgCO2/kWh,公告,code,,,,
grid,CN-43,2023,0.4976,kgCO2/kWh,公告,code,,,2023-06-30,
paper,CN,,1.5,kgCO2e/kg,新闻,press,,,,
"""
TEXT = """---
number: T-1
title: 骑行碳普惠方法学
family: transport
name: ride
version: 1.0.0
status: draft
valid_from: 2020-01-01
issuing_body: 专家委员会
tradable: false
advocacy: false
references: [GB/T 33760-2017]
---
## 1 适用范围

骑行。

```yaml inputs
- {name: distance_m, title: 骑行距离, kind: integer, unit: m, min: 0, max: 100 km, personal: true}
- {name: mode, title: 车型, kind: choice, choices: {own: 自有, shared: 共享}, personal: false}
```

```yaml parameters
- {name: baseline_factor, title: 基准线因子, value: 0.050, unit: kgCO2e/km, source: 委员会, status: local}
- {name: consumption, title: 电耗, value: 0.010, unit: kWh/km, source: 委员会, status: local}
- {name: grid, title: 电力因子, factor: grid, region: CN-43, unit: kgCO2/kWh}
```

```formula
baseline = distance_m × baseline_factor
project = distance_m × consumption × grid
reduction = baseline − project
```

```yaml conditions
- {name: too_short, rule: distance_m >= 100 m, message: 骑行不足100米, source: 委员会}
```

```yaml deduplicate
within: day
key: [at]
```

```yaml caps
- {name: daily_trips, title: 每日次数, per: day, of: count, limit: 2, source: 委员会}
- {name: daily_distance, title: 每日里程, per: day, of: distance_m, limit: 10 km, source: 委员会}
```

```yaml grades
source: 委员会
status: local
A: 1
B: 0.9
C: 0.5
D: 不接受
```

```yaml points
points: 1
per: 40 gCO2e
source: 委员会
status: local
```

```yaml examples
- title: 典型
  events:
    - at: 2022-06-02 08:00
      grade: A
      distance_m: 2000
      mode: own
      expect: {reduction_g: 90, points: 2, grade: A, outcome: counted}
```
"""


@pytest.fixture(scope="session")
def factors() -> FactorTable:
    return FactorTable(read_factors(FACTORS, path="factors.csv"))


@pytest.fixture(scope="session")
def load(factors: FactorTable) -> Callable[..., Method]:
    """Loads the small method with some texts replaced; each must be there."""

    def loaded(*changes: tuple[str, str], text: str = TEXT) -> Method:
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        return load_method(text, path="ride.md", factors=factors)

    return loaded


@pytest.fixture(scope="session")
def refused(load: Callable[..., Method]) -> Callable[..., list[MethodError]]:
    """Loads a changed method that must not load; gives the errors."""

    def errors(*changes: tuple[str, str]) -> list[MethodError]:
        with pytest.raises(MethodError) as caught:
            load(*changes)
        return list(getattr(caught.value, "errors", (caught.value,)))

    return errors


def line_of(fragment: str, text: str = TEXT) -> int:
    """The 1-based line on which a fragment first stands."""
    return text[: text.index(fragment)].count("\n") + 1


@pytest.fixture(scope="session")
def line() -> Callable[..., int]:
    return line_of
