"""The lab: another policy, calendar, ladder or catalogue over real past orders, by the very same rules.

What is assumed, and all that is:

- People act at the instants at which they acted, with what they said then. What a changed ladder or an earlier warning
  would have made them do is not known, and nothing is made up for it.
- Time's own events are computed anew: each mark fires at the instant at which it falls due. A mark that falls due at
  the very instant at which it did is noticed when it was noticed then; so the same terms give exactly the recorded
  events.
- A command that does not fit any more changes nothing, is reported with the rules' own reason, and the life goes on
  without it. `expected_seq` is not compared: it says what somebody was looking at, and that has other numbers now.
- Where the system signed for a unit in time past and has not yet in the lab, the unit's next act stands for its
  signature too, and is reported as `implied`.
- Where it is the other way about, the unit's own signature comes too late to be one: it is `overtaken`.
- Where the catalogue names another unit, that one does at the same instants what the recorded one did (`stood_in`),
  until a person dispatches.
- Under a whole other policy a recorded migration has no meaning: it is set aside.
- What never happened has no end either: an order whose closing command does not fit stays open up to the run's instant.
"""
