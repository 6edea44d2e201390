-- What the shop keeps outside of Restate, because other systems ask for it too. SQLite and
-- Postgres read the same text.

-- One virtual object writes a row: the one that has the row's key.
CREATE TABLE IF NOT EXISTS products (
	sku     TEXT PRIMARY KEY,
	cents   BIGINT NOT NULL,
	version BIGINT NOT NULL DEFAULT 0
);

-- Many invocations at once write a row.
CREATE TABLE IF NOT EXISTS customers (
	email  TEXT PRIMARY KEY,
	points BIGINT NOT NULL DEFAULT 0
);

-- The updates of points that were made, for as long as they may come again.
CREATE TABLE IF NOT EXISTS tokens (
	id TEXT PRIMARY KEY
);

INSERT INTO products (sku, cents) VALUES
	('teapot', 3900),
	('cup', 750),
	('samovar', 24900)
ON CONFLICT (sku) DO NOTHING;
