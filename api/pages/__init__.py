"""The customer's pages: rendered here, whole without script, in Chinese and English.

Two ways in (`entrance`): a signed link, and a code to the phone. Then his orders, each in plain words (`told`), and
what he may do about it (`deeds`). A page asks the same functions as the JSON routes and shows no more than they do:
what it tells is unveiled with his rights before it becomes a page (`veiled`).

Every form carries its session's token and a key of its own, is answered by a redirect, and so changes nothing twice,
whether it is sent by a double click, by reloading, or again after a lost answer.
"""
