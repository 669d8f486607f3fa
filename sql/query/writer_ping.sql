-- When there is nothing to write: whether the log connection still lives.
SELECT true
