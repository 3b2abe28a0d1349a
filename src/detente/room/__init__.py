"""The room: explore, ask and take a seat, in the browser. It adds no second model."""
