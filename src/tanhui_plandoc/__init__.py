"""Plan documents: from the text that a PDF extractor leaves to paragraphs and rows that can be cited by line.

Plain Python, usable by itself. This is only the first piece: `normalize` cleans the lines, `paragraphs` joins what
the page broke. The reader itself, which finds chapters, tasks, action boxes, indicators and who leads them, is not
here yet: it comes with the room `plan`.
"""

from tanhui_plandoc.draft import Draft
from tanhui_plandoc.lines import Line, normalize
from tanhui_plandoc.paragraphs import Paragraph, paragraphs

__all__ = ["Draft", "Line", "Paragraph", "normalize", "paragraphs"]
