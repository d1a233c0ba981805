"""The rulebook: policy documents from the file that people write to the terms that an order gets.

Read here: `load` and `freeze` (YAML or JSON to the stored document), `check` (everything that is wrong with one, at
once), `terms_for` and `preview` (what an order would get, and when it would be due), `diff` (what changed), `yaml_of`
(the document as people write it), `words`.
It knows the rules in `domain` and nothing else: no database, no network, no clock.
"""

from rulebook.asked import Asked, misnamed, terms_for
from rulebook.begun import begun
from rulebook.check import Known, check
from rulebook.diff import Change, diff
from rulebook.faults import Fault, Faulty
from rulebook.frozen import NATIONAL, Frozen, freeze, load, national, text_of
from rulebook.preview import Due, preview
from rulebook.words import label, length_words, rule_words
from rulebook.writing import yaml_of

__all__ = [
    "NATIONAL", "Asked", "Change", "Due", "Fault", "Faulty", "Frozen", "Known", "begun", "check", "diff", "freeze",
    "label", "length_words", "load", "misnamed", "national", "preview", "rule_words", "terms_for", "text_of", "yaml_of",
]  # fmt: skip
