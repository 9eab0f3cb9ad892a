"""Rules of obligation as data, calendars, offices, and the alerts that follow."""
