"""方法学：rules as documents that a committee reads and two evaluators execute.

A method is one Markdown file a version; `load_method` reads and checks it, `evaluate` computes exactly,
`tanhui_methods.columnar.compile_method` computes the same integers over whole tables, `explain` says in Chinese how
one number came about. This package needs no database and knows nothing of any county; the units library and the
columnar compiler are loaded only when they are used.
"""

from tanhui_methods.errors import MethodError, MethodErrors, Problem
from tanhui_methods.evaluate import evaluate
from tanhui_methods.factors import FactorRow, FactorTable
from tanhui_methods.loading import load_method
from tanhui_methods.model import GRADES, Cap, Chapter, Condition, Input, Method, Parameter, Result

__all__ = [
    "GRADES",
    "Cap",
    "Chapter",
    "Condition",
    "FactorRow",
    "FactorTable",
    "Input",
    "Method",
    "MethodError",
    "MethodErrors",
    "Parameter",
    "Problem",
    "Result",
    "evaluate",
    "load_method",
]
