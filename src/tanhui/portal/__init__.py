"""Portal: the public door. Shows what is true to everybody, holds no rules and writes nothing.

Nouns: page, library of methods and factors, receipt. Also the design system that the office shares
(`static/tanhui/`, `templates/tanhui/`). No sign-in, no cookie but the display preference.
"""
