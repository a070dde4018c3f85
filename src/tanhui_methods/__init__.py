"""方法学：rules as documents that a committee reads and two evaluators execute.

A method is one Markdown file a version; `load_method` reads and checks it, `evaluate` computes exactly,
`tanhui_methods.columnar.compile_method` computes the same integers over whole tables, `explain` says in Chinese how
one number came about. This package needs no database and knows nothing of any county; the units library and the
columnar compiler are loaded only when they are used.
"""

from tanhui_methods.errors import MethodError, MethodErrors, Problem
from tanhui_methods.evaluate import evaluate
from tanhui_methods.explain import Explanation, explain
from tanhui_methods.factors import FactorRow, FactorTable, read_factors
from tanhui_methods.library import Library, load_library
from tanhui_methods.loading import load_method
from tanhui_methods.model import GRADES, METHOD_STATUSES, Cap, Chapter, Condition, Input, Method, Parameter, Result
from tanhui_methods.publication import publication_problems, run_examples
from tanhui_methods.row_rules import RowRule, compile_conditions, first_broken

__all__ = [
    "GRADES",
    "METHOD_STATUSES",
    "Cap",
    "Chapter",
    "Condition",
    "Explanation",
    "FactorRow",
    "FactorTable",
    "Input",
    "Library",
    "Method",
    "MethodError",
    "MethodErrors",
    "Parameter",
    "Problem",
    "Result",
    "RowRule",
    "compile_conditions",
    "evaluate",
    "explain",
    "first_broken",
    "load_library",
    "load_method",
    "publication_problems",
    "read_factors",
    "run_examples",
]
