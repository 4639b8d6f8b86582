"""gym: practise Python and JavaScript in the browser, graded at once, helped without being told."""
