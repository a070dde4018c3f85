"""The reader of plan documents: from the text that an extractor leaves to facts that can be cited by line.

Plain Python, usable by itself, without network or model; equal text gives an equal draft.

`lines` and `paragraphs` clean the lines and join what a page broke; `numbering` tells the headings; `front`, `sections`
and `tasks` find the first page, the chapters, the tasks with their boxes and who is responsible (`responsibility`,
`departments`). `numbers`, `deadlines` and `rhythms` know how plans write them; `targets` cuts sentences into targets,
`tables` reads the annexes and `roadmap` the marked items; `indicators` recognizes one target in several places.
`read` puts all of it together and `diagnostics` says what disagrees. `documents` makes text of Word and PDF files.
"""

from tanhui_plandoc.departments import Aliases
from tanhui_plandoc.diagnostics import diagnose
from tanhui_plandoc.draft import Draft
from tanhui_plandoc.lines import Line, normalize
from tanhui_plandoc.paragraphs import Paragraph, paragraphs
from tanhui_plandoc.reading import read

__all__ = ["Aliases", "Draft", "Line", "Paragraph", "diagnose", "normalize", "paragraphs", "read"]
