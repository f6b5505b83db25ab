//! The rules: what Weir decides, as a pure function of state, event and time.
