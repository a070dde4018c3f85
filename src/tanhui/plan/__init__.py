"""Plan: what the county promised, as work with owners, figures that count themselves, and reports.

Nouns: document (a plan as read), finding (a diagnostic that an officer settles), plan version, department, task, box,
indicator with targets, roadmap item; register and record (one counted fact with evidence), figure (an indicator's
value at a time); sub-task, dependency, contact, override, reminder; progress review, notice of rectification,
appraisal, good case, funding line, feedback; report. Owner in the county: the working group for the plan (工作专班).

Invariants:

* An adopted version is frozen: its content and its hash are stored; the tables of tasks and indicators show the
  version in force, and what is no longer promised stays there, marked as dropped.
* A record is never edited: before review it may be withdrawn, after review a linked record corrects it. Who filed it
  never reviews it, and two reviewers cannot both decide.
* A figure is appended, never edited, and says where it comes from: a register's approved rows, a named source of
  another room, or a value by hand with evidence.
* A published report never changes: page, Word and Excel are stored together with their hash.
* Registers, appraisal rules and coverage are the county's documents; the code evaluates them.
"""
