-- Each feature of SELECT that the manual has an example of, on the twins' tables. Everything here only reads.
-- Queries: table expressions
SELECT * FROM customers;
SELECT 3 * 4;
SELECT random() >= 0;
SELECT c.* FROM customers AS c;
SELECT * FROM customers c CROSS JOIN lines l;
SELECT * FROM customers c INNER JOIN payments p ON c.id = p.customer_id;
SELECT * FROM customers INNER JOIN payments USING (id);
SELECT * FROM customers NATURAL INNER JOIN people;
SELECT * FROM customers c LEFT JOIN payments p ON c.id = p.customer_id AND p.note = 'n1';
SELECT * FROM customers c LEFT JOIN payments p ON c.id = p.customer_id WHERE p.note = 'n1';
SELECT * FROM customers c RIGHT JOIN payments p ON c.id = p.customer_id;
SELECT * FROM customers c FULL JOIN payments p ON c.id = p.customer_id;
SELECT * FROM customers AS c, payments AS p, LATERAL (SELECT p.amount * c.id AS weight) AS w;
SELECT * FROM (customers AS a CROSS JOIN people) AS b;
SELECT b.id FROM customers AS b (id, called);
SELECT x.id FROM (customers c JOIN payments p USING (id)) AS x;
SELECT u.id FROM customers c JOIN payments p USING (id) AS u;
SELECT * FROM (VALUES ('anne', 'smith'), ('bob', 'jones')) AS names (first, last);
SELECT * FROM (SELECT id, name FROM customers) q (a, b);
SELECT * FROM generate_series(2, 4);
SELECT * FROM generate_series(5, 1, -2) AS g (n);
SELECT * FROM generate_series(1, 3) WITH ORDINALITY AS t (a, n);
SELECT * FROM ROWS FROM (generate_series(1, 2), unnest(ARRAY['x', 'y', 'z'])) AS t (a, b);
SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(1, 3)) WITH ORDINALITY AS t (a, b, n);
SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b', 'c']) AS u (a, b);
SELECT c.name, o.total FROM customers c, LATERAL (SELECT total FROM orders o WHERE o.customer_id = c.id ORDER BY total LIMIT 1) o;
SELECT c.name FROM customers c LEFT JOIN LATERAL (SELECT 1 AS one FROM payments p WHERE p.customer_id = c.id) p ON true WHERE one IS NULL;
SELECT * FROM json_to_recordset('[{"a":1,"b":"x"},{"a":2}]') AS r (a int, b text);
SELECT * FROM jsonb_to_record('{"a":1,"b":[1,2]}') AS r (a int, b jsonb);
SELECT * FROM customers WHERE id > 2;
SELECT * FROM customers WHERE id IN (1, 2, 3);
SELECT * FROM customers WHERE id IN (SELECT customer_id FROM payments);
SELECT * FROM customers c WHERE id IN (SELECT p.customer_id FROM payments p WHERE p.id = c.id + 1);
SELECT * FROM customers WHERE id BETWEEN (SELECT min(id) FROM payments) AND 100;
SELECT * FROM customers c WHERE EXISTS (SELECT FROM payments p WHERE p.customer_id > c.id);
SELECT city FROM customers GROUP BY city;
SELECT city, sum(id) FROM customers GROUP BY city;
SELECT c.id, c.name, sum(p.amount) * 2 AS sales FROM customers c LEFT JOIN payments p ON p.customer_id = c.id GROUP BY c.id, c.name;
SELECT c.id, c.name, c.city, count(p) FROM customers c LEFT JOIN payments p ON p.customer_id = c.id GROUP BY c.id;
SELECT city, sum(id) FROM customers GROUP BY city HAVING sum(id) > 3;
SELECT city, sum(id) FROM customers GROUP BY city HAVING city < 'P';
SELECT city, name, count(*) FROM customers GROUP BY GROUPING SETS ((city), (name), ());
SELECT city, name, count(*) FROM customers GROUP BY ROLLUP (city, name);
SELECT city, name, count(*) FROM customers GROUP BY CUBE (city, name);
SELECT city, name, count(*) FROM customers GROUP BY ROLLUP ((city, name), id);
SELECT city, name, grouping(city, name), count(*) FROM customers GROUP BY CUBE (city, name), GROUPING SETS ((id), ());
SELECT city, count(*) FROM customers GROUP BY DISTINCT ROLLUP (city), ROLLUP (city);
SELECT name AS n, count(*) FROM customers GROUP BY n;
SELECT lower(name), count(*) FROM customers GROUP BY 1 ORDER BY 2 DESC, 1;
SELECT count(*) FROM customers GROUP BY ();
SELECT DISTINCT city FROM customers;
SELECT DISTINCT ON (city) city, id FROM customers ORDER BY city, id DESC;
SELECT ALL city FROM customers;
SELECT id, name FROM customers UNION SELECT id, product FROM (SELECT line AS id, product FROM lines) l;
SELECT id FROM customers INTERSECT ALL SELECT id FROM payments;
SELECT id FROM customers EXCEPT SELECT id FROM payments WHERE id > 3 ORDER BY id;
(SELECT id FROM customers ORDER BY id LIMIT 2) UNION ALL (SELECT id FROM payments ORDER BY id DESC LIMIT 2);
SELECT 1 UNION SELECT 2 INTERSECT SELECT 2 EXCEPT SELECT 3;
SELECT id, city FROM customers ORDER BY city, id DESC NULLS LAST;
SELECT id + 1 AS next FROM customers ORDER BY next;
SELECT name FROM customers ORDER BY length(name), name COLLATE "C";
SELECT name FROM customers ORDER BY name USING >;
SELECT id FROM customers ORDER BY id LIMIT 3 OFFSET 1;
SELECT id FROM customers ORDER BY id LIMIT ALL;
SELECT id FROM customers ORDER BY id OFFSET 2 ROWS FETCH NEXT 2 ROWS ONLY;
SELECT city FROM customers ORDER BY city FETCH FIRST 2 ROWS WITH TIES;
SELECT id FROM customers ORDER BY id LIMIT (SELECT 1 + 1);
VALUES (1, 'one'), (2, 'two'), (3, 'three');
VALUES (1), (2) ORDER BY 1 DESC LIMIT 1;
TABLE customers;
TABLE ONLY people;
SELECT;
SELECT FROM customers;
-- WITH
WITH regional AS (SELECT region, sum(total) AS total FROM orders GROUP BY region), top AS (SELECT region FROM regional WHERE total > (SELECT sum(total) / 10 FROM regional)) SELECT region, status, count(*) FROM orders WHERE region IN (SELECT region FROM top) GROUP BY region, status;
WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 10) SELECT sum(n) FROM t;
WITH RECURSIVE under(id, name, depth) AS (SELECT id, name, 0 FROM hr.staff WHERE manager_id IS NULL UNION ALL SELECT s.id, s.name, u.depth + 1 FROM hr.staff s JOIN under u ON s.manager_id = u.id WHERE u.depth < 5) SELECT * FROM under;
WITH RECURSIVE w(id, path) AS (SELECT id, ARRAY[id] FROM hr.staff WHERE id = 1 UNION ALL SELECT s.id, path || s.id FROM hr.staff s, w WHERE s.manager_id = w.id AND NOT s.id = ANY (path)) SELECT * FROM w;
WITH RECURSIVE w(id, boss) AS (SELECT id, manager_id FROM hr.staff WHERE id = 1 UNION ALL SELECT s.id, s.manager_id FROM hr.staff s, w WHERE s.manager_id = w.id) SEARCH DEPTH FIRST BY id SET ordering SELECT * FROM w ORDER BY ordering;
WITH RECURSIVE w(id, boss) AS (SELECT id, manager_id FROM hr.staff WHERE id = 1 UNION ALL SELECT s.id, s.manager_id FROM hr.staff s, w WHERE s.manager_id = w.id) SEARCH BREADTH FIRST BY id SET ordering SELECT id FROM w ORDER BY ordering;
WITH RECURSIVE w(id, boss) AS (SELECT id, manager_id FROM hr.staff UNION ALL SELECT s.id, s.manager_id FROM hr.staff s, w WHERE s.manager_id = w.id) CYCLE id SET again USING path SELECT id, again, path FROM w;
WITH RECURSIVE w(id) AS (SELECT id FROM hr.staff UNION SELECT s.id FROM hr.staff s, w WHERE s.manager_id = w.id) CYCLE id SET again TO 'y' DEFAULT 'n' USING path TABLE w;
WITH w AS NOT MATERIALIZED (SELECT * FROM customers) SELECT * FROM w AS a JOIN w AS b ON a.id = b.id + 1 WHERE b.id = 2;
WITH w AS MATERIALIZED (SELECT * FROM customers) SELECT count(*) FROM w;
WITH a AS (WITH b AS (SELECT 1 AS x) SELECT x FROM b) SELECT * FROM a;
WITH customers AS (SELECT 1 AS id) SELECT * FROM customers, public.customers AS c WHERE c.id = customers.id;
-- Value expressions
SELECT (ARRAY[1, 2, 3])[2], (ARRAY[[1, 2], [3, 4]])[2][1], (ARRAY[1, 2, 3, 4])[2:3], (ARRAY[1, 2, 3])[:2];
SELECT ARRAY[1, 2, 3 + 4], ARRAY[]::int[], ARRAY[[1], [2]];
SELECT ARRAY(SELECT id FROM customers ORDER BY id);
SELECT ROW(1, 2.5, 'this is a test'), ROW(c.*, 42) FROM customers c;
SELECT (c).name, (c).* FROM customers c;
SELECT c.name FROM customers c WHERE c IS NOT NULL;
SELECT ROW(id, name) = ROW(1, 'Alice') FROM customers;
SELECT CAST('42' AS integer), '42'::int, int '42', 'x'::varchar(3), '1.5'::numeric(6, 2);
SELECT TIMESTAMP WITH TIME ZONE '2024-01-02 03:04:05+02' AT TIME ZONE 'UTC', DATE '2024-01-01' + INTERVAL '1 month 2 days';
SELECT 'a' < 'b' COLLATE "C", name COLLATE "C" < 'b' FROM customers;
SELECT count(*), count(DISTINCT city), sum(id), avg(id), min(name), max(name) FROM customers;
SELECT count(*) FILTER (WHERE id > 2) AS late, count(*) FROM customers;
SELECT array_agg(name ORDER BY name DESC), string_agg(name, ',' ORDER BY id) FROM customers;
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY id), percentile_disc(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY id), mode() WITHIN GROUP (ORDER BY city) FROM customers;
SELECT rank(3) WITHIN GROUP (ORDER BY id), dense_rank(3) WITHIN GROUP (ORDER BY id), percent_rank(3) WITHIN GROUP (ORDER BY id), cume_dist(3) WITHIN GROUP (ORDER BY id) FROM customers;
SELECT (SELECT max(amount) FROM payments p WHERE p.customer_id = c.id) FROM customers c;
SELECT CASE WHEN id = 1 THEN 'one' WHEN id = 2 THEN 'two' ELSE 'other' END FROM customers;
SELECT CASE city WHEN 'Oslo' THEN 1 END FROM customers;
SELECT COALESCE(phone, 'none'), NULLIF(city, 'Oslo'), GREATEST(1, id), LEAST(id, 2) FROM customers;
SELECT 1 = ANY (ARRAY[1, 2]), 1 <> ALL (ARRAY[2]), 1 = SOME (SELECT id FROM customers), id > ALL (SELECT 0) FROM customers;
SELECT (id, name) IN (SELECT id, name FROM customers), (id, 1) NOT IN (VALUES (1, 1)) FROM people, LATERAL (SELECT 'x' AS name) x;
SELECT (1, 2) < (1, 3), ROW(1, NULL) IS NULL, ROW(NULL, NULL) IS NULL, (1, 2) IS DISTINCT FROM (1, NULL);
SELECT id BETWEEN 1 AND 2, id NOT BETWEEN SYMMETRIC 3 AND 1 FROM customers;
SELECT phone IS NULL, phone NOTNULL, true IS NOT FALSE, NULL::bool IS UNKNOWN FROM customers;
SELECT name LIKE 'A%', name NOT ILIKE '_a%', name LIKE 'a\%' ESCAPE '\', name SIMILAR TO '(A|B)%', name ~ '^A', name !~* 'z' FROM customers;
SELECT substring(name FROM 1 FOR 2), substring(name FROM 'l.'), substring(name SIMILAR '%#"l#"%' ESCAPE '#'), overlay(name PLACING 'xx' FROM 2 FOR 1) FROM customers;
SELECT position('l' IN name), trim(leading 'A' FROM name), trim(both from name), extract(year FROM DATE '2024-05-05') FROM customers;
SELECT U&'d\0061ta', E'a\nb', $$dollar$$, $tag$it's$tag$, B'101', X'1F';
SELECT 1_000_000, 0x1F, 0o17, 0b101, 1e3, .5;
SELECT current_date IS NOT NULL, current_timestamp IS NOT NULL, localtime(2) IS NOT NULL, current_user IS NOT NULL, session_user IS NOT NULL;
SELECT 'abc' IS NORMALIZED, normalize('abc', NFC);
SELECT 5 OPERATOR(pg_catalog.+) 3, - 5, + 5;
SELECT make_interval(days => 10), make_interval(hours := 2);
SELECT concat(VARIADIC ARRAY['a', 'b']), format('%s %I %L', 'a', 'b c', 'd');
SELECT DISTINCT pg_typeof(c) FROM customers c;
-- Windows
SELECT dept, id, salary, avg(salary) OVER (PARTITION BY dept) FROM hr.staff;
SELECT dept, id, rank() OVER (PARTITION BY dept ORDER BY salary DESC) FROM hr.staff;
SELECT salary, sum(salary) OVER () FROM hr.staff;
SELECT salary, sum(salary) OVER (ORDER BY salary) FROM hr.staff;
SELECT dept FROM (SELECT dept, row_number() OVER (PARTITION BY dept ORDER BY salary, id) AS pos FROM hr.staff) s WHERE pos < 3;
SELECT sum(salary) OVER w, avg(salary) OVER w FROM hr.staff WINDOW w AS (PARTITION BY dept ORDER BY salary DESC);
SELECT sum(salary) OVER (w ROWS 1 PRECEDING) FROM hr.staff WINDOW w AS (ORDER BY id);
SELECT first_value(name) OVER w, last_value(name) OVER w, nth_value(name, 2) OVER w FROM hr.staff WINDOW w AS (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING);
SELECT lag(name, 1, 'none') OVER (ORDER BY id), lead(name) OVER (ORDER BY id), ntile(3) OVER (ORDER BY id), cume_dist() OVER (ORDER BY id), percent_rank() OVER (ORDER BY id) FROM hr.staff;
SELECT count(*) FILTER (WHERE dept = 'ops') OVER (ORDER BY id) FROM hr.staff;
SELECT sum(salary) OVER (ORDER BY id RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES), sum(salary) OVER (ORDER BY dept GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE GROUP) FROM hr.staff;
SELECT sum(sum(salary)) OVER (ORDER BY dept) FROM hr.staff GROUP BY dept;
-- Strings, patterns, formats
SELECT upper(name), lower(name), initcap(name), length(name), char_length(name), octet_length(name), bit_length(name) FROM customers;
SELECT left(name, 2), right(name, -1), lpad(name, 8, '.'), rpad(name, 8), repeat(name, 2), reverse(name) FROM customers;
SELECT replace(name, 'l', 'L'), translate(name, 'al', 'xy'), split_part(email, '@', 2), strpos(email, '@'), starts_with(name, 'A') FROM customers;
SELECT regexp_replace(name, '(.)l', '\1L', 'g'), regexp_match(name, 'l(.)'), regexp_split_to_array('a b', ' '), regexp_count('aaa', 'a'), regexp_substr(name, 'l.') FROM customers;
SELECT regexp_matches('abab', 'a(b)', 'g'), regexp_split_to_table('a,b', ',');
SELECT ascii('x'), chr(65), md5(name), encode(sha256(name::bytea), 'hex'), to_hex(255), quote_literal(name), quote_ident('a b'), quote_nullable(NULL) FROM customers;
SELECT btrim(' x '), ltrim(' x'), rtrim('x '), concat('a', NULL, 1), concat_ws(',', 'a', NULL, 'b'), unistr('\0064'), string_to_table('a,b', ',');
SELECT convert_to('x', 'UTF8'), convert_from('\x78', 'UTF8'), decode('AQ==', 'base64'), get_byte('\x01'::bytea, 0), set_bit('\x00'::bytea, 0, 1);
SELECT to_char(amount, 'FM990.00'), to_number('12,454.8', '99G999D9'), to_char(DATE '2024-05-05', 'Day DD Mon'), to_date('05 Dec 2000', 'DD Mon YYYY'), to_timestamp(0) FROM payments;
-- Numbers
SELECT abs(-1), ceil(1.2), floor(1.8), round(1.25, 1), trunc(1.9), mod(5, 3), power(2, 3), sqrt(2::numeric), cbrt(27), sign(-2), div(7, 2), gcd(12, 8), lcm(4, 6), factorial(5);
SELECT 5 / 2, 5 % 3, 2 ^ 3, |/ 25.0, ||/ 27.0, @ -5, 5 & 3, 5 | 3, 5 # 3, ~1, 1 << 4, 8 >> 2;
SELECT exp(1), ln(2), log(100), log(2, 8), pi(), sin(0), cos(0), tan(0), atan2(1, 1), degrees(pi()), radians(180), width_bucket(5, 0, 10, 5), scale(1.10), trim_scale(1.10), min_scale(1.10);
-- Dates
SELECT age(TIMESTAMP '2024-02-02', TIMESTAMP '2023-01-01'), date_part('dow', DATE '2024-05-05'), date_trunc('week', TIMESTAMP '2024-05-05'), date_bin('15 minutes', TIMESTAMP '2024-02-11 15:44:17', TIMESTAMP '2001-01-01');
SELECT make_date(2024, 2, 29), make_time(1, 2, 3), make_timestamp(2024, 1, 1, 0, 0, 0), make_timestamptz(2024, 1, 1, 0, 0, 0, 'UTC'), justify_days(INTERVAL '35 days'), isfinite(DATE 'infinity');
SELECT (DATE '2024-01-01', DATE '2024-02-01') OVERLAPS (DATE '2024-01-15', INTERVAL '1 day'), DATE '2024-01-31' - DATE '2024-01-01', INTERVAL '1' YEAR, TIME '04:05' + INTERVAL '3 hours';
SELECT generate_series(TIMESTAMP '2024-01-01', TIMESTAMP '2024-01-02', '6 hours'), now() = transaction_timestamp(), clock_timestamp() > now() - INTERVAL '1 hour';
SELECT at, extract(epoch FROM at), at + 1, to_char(at, 'IYYY-IW') FROM events WHERE at >= DATE '2024-06-01' AND at < DATE '2024-06-01' + 365;
-- Enums, ranges, networks, uuid, bits, geometry, text search
SELECT feel, feel > 'sad'::mood, enum_first(feel), enum_last(feel), enum_range(NULL::mood) FROM "Odd Names";
SELECT int4range(1, 5) @> 3, numrange(1, 2) && numrange(1.5, 3), lower(int8range(15, 25)), isempty(numrange(1, 1)), int4range(1, 5) * int4range(3, 9), range_merge(int4range(1, 2), int4range(5, 6));
SELECT int4multirange(int4range(1, 3), int4range(5, 8)) @> 6, unnest(int4multirange(int4range(1, 3), int4range(5, 8))), range_agg(r) FROM (VALUES (int4range(1, 2)), (int4range(2, 4))) v (r) GROUP BY r;
SELECT inet '192.168.1.5/24' << inet '192.168.0.0/16', host(inet '10.0.0.1/8'), network(inet '10.1.2.3/8'), masklen(inet '10.0.0.0/8'), macaddr '08:00:2b:01:02:03';
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, gen_random_uuid() IS NOT NULL, uuidv7() IS NOT NULL, uuid_extract_version(uuidv4());
SELECT B'10001' & B'01101', B'101' || B'1', bit_count(B'1011'), 5::bit(4), bit_and(id), bit_or(id), bit_xor(id) FROM customers;
SELECT point(1, 2) <-> point(3, 4), box(point(0, 0), point(1, 1)) @> point(0.5, 0.5), area(circle(point(0, 0), 1)), '[(0,0),(1,1)]'::lseg ?# '[(0,1),(1,0)]'::lseg;
SELECT to_tsvector('english', 'a fat cat sat') @@ to_tsquery('english', 'cat & sat'), plainto_tsquery('english', 'fat cat'), ts_rank(to_tsvector('x'), 'x'::tsquery), ts_headline('english', 'fat cat', 'cat'::tsquery);
SELECT 'fat & cat'::tsquery && 'rat'::tsquery, setweight('a:1'::tsvector, 'A'), strip('a:1'::tsvector), numnode('a & b'::tsquery), websearch_to_tsquery('english', '"fat cat" or rat');
-- Arrays
SELECT tags, array_length(tags, 1), cardinality(tags), tags[1], array_position(tags, 'a'), array_remove(tags, 'a'), array_replace(tags, 'a', 'b') FROM "Odd Names";
SELECT ARRAY[1, 2] || 3, 0 || ARRAY[1], ARRAY[1, 2] @> ARRAY[1], ARRAY[1] <@ ARRAY[1, 2], ARRAY[1] && ARRAY[1, 3], array_cat(ARRAY[1], ARRAY[2]), array_prepend(0, ARRAY[1]);
SELECT array_dims(ARRAY[[1, 2]]), array_ndims(ARRAY[[1]]), array_lower(ARRAY[1], 1), array_upper(ARRAY[1], 1), array_fill(7, ARRAY[2]), array_to_string(ARRAY[1, NULL], ',', '*'), trim_array(ARRAY[1, 2, 3], 1);
SELECT id, t.tag, t.n FROM (SELECT "Key" AS id, tags FROM "Odd Names") o CROSS JOIN LATERAL unnest(o.tags) WITH ORDINALITY AS t (tag, n);
SELECT array_shuffle(ARRAY[1]), array_sample(ARRAY[1], 1), array_sort(ARRAY[2, 1]), array_reverse(ARRAY[1, 2]), generate_subscripts(ARRAY[5, 6], 1);
-- JSON
SELECT profile -> 'tier', profile ->> 'tier', profile #> '{tier}', profile #>> '{tier}', profile ? 'tier', profile ?| ARRAY['a', 'tier'], profile ?& ARRAY['tier'] FROM customers;
SELECT profile @> '{"tier":"gold"}', profile || '{"x":1}', profile - 'pin', profile #- '{tier}', profile @? '$.tier', profile @@ '$.tier == "gold"' FROM customers;
SELECT profile['tier'], ('[1,2,3]'::jsonb)[1] FROM customers;
SELECT jsonb_set('{"a":1}', '{a}', '2'), jsonb_insert('{"a":[1]}', '{a,0}', '0'), jsonb_strip_nulls('{"a":null}'), jsonb_pretty('{}'), jsonb_typeof('1'), jsonb_array_length('[1]');
SELECT key, value FROM customers, jsonb_each(profile) WHERE id = 1;
SELECT k FROM customers, jsonb_object_keys(profile) AS k;
SELECT e FROM jsonb_array_elements('[1,{"a":2}]') AS e;
SELECT jsonb_path_query('{"a":[1,2,3]}', '$.a[*] ? (@ > 1)'), jsonb_path_exists('{"a":1}', '$.a'), jsonb_path_query_array('[1,2]', '$[*]'), jsonb_path_query_first('[1]', '$[0]');
SELECT json_build_object('id', id, 'name', name), json_build_array(id, name), json_object('{a,b}'::text[], '{1,2}'::text[]), to_json(name), row_to_json(c) FROM customers c;
SELECT json_agg(c ORDER BY id), jsonb_agg(name), json_object_agg(id, name), jsonb_object_agg(id, city) FROM customers c;
SELECT JSON_OBJECT('a': 1, 'b' VALUE 'x' NULL ON NULL), JSON_ARRAY(1, 'x', NULL ABSENT ON NULL), JSON_ARRAY(SELECT id FROM customers);
SELECT JSON_OBJECTAGG(id: name), JSON_ARRAYAGG(name ORDER BY name), JSON_ARRAYAGG(id RETURNING jsonb) FROM customers;
SELECT JSON_VALUE(profile, '$.tier'), JSON_VALUE(profile, '$.none' DEFAULT 'x' ON EMPTY), JSON_QUERY(profile, '$.tier' WITH WRAPPER), JSON_EXISTS(profile, '$.tier') FROM customers;
SELECT JSON_VALUE(profile, '$.tier' RETURNING text NULL ON ERROR), JSON_QUERY(profile, '$' RETURNING jsonb OMIT QUOTES) FROM customers WHERE false;
SELECT JSON('{"a":1}'), JSON_SCALAR(1), JSON_SERIALIZE('{"a":1}' RETURNING text), '{"a":1}' IS JSON, '[]' IS JSON ARRAY, '{}' IS NOT JSON OBJECT WITH UNIQUE KEYS;
SELECT j.* FROM customers c, JSON_TABLE(c.profile, '$' COLUMNS (n FOR ORDINALITY, tier text PATH '$.tier', gone int PATH '$.none' DEFAULT 7 ON EMPTY, has boolean EXISTS PATH '$.pin')) AS j;
SELECT j.* FROM JSON_TABLE('[{"a":1,"b":[{"c":2},{"c":3}]}]', '$[*]' COLUMNS (a int, NESTED PATH '$.b[*]' AS b COLUMNS (c int))) AS j;
SELECT j.* FROM JSON_TABLE('[1,2,3]', '$[*] ? (@ > $least)' PASSING 1 AS least COLUMNS (v int PATH '$')) AS j;
-- XML
SELECT xmlelement(name item, xmlattributes(id AS n), name) FROM customers WHERE false;
SELECT xmlforest(id, name AS called), xmlconcat('<a/>', '<b/>') FROM customers WHERE false;
-- Views, partitions, children, materialised views, samples, system columns
SELECT * FROM customer_contacts;
SELECT contact FROM nested_contacts WHERE id = 1;
SELECT ref FROM barrier_contacts ORDER BY ref;
SELECT * FROM v_checked;
SELECT id, ssn FROM mv_customers;
SELECT * FROM moods m JOIN "Odd Names" o ON m.id = o."Key" AND m.part = o.part;
SELECT tableoid::regclass, * FROM events;
SELECT * FROM events_2024;
SELECT * FROM ONLY people;
SELECT * FROM people *;
SELECT p.*, v.perk FROM people p LEFT JOIN vip_people v USING (id);
SELECT ctid IS NOT NULL, xmin IS NOT NULL, cmin IS NOT NULL FROM customers;
SELECT id FROM customers TABLESAMPLE BERNOULLI (100);
SELECT id FROM customers AS c TABLESAMPLE SYSTEM (100) REPEATABLE (42) WHERE c.id > 1;
SELECT email_lc FROM customers;
-- Names
SELECT "Key", "select", "größe" FROM "Odd Names";
SELECT o."Key" AS "a ""quoted"" name", O.Part FROM public."Odd Names" AS O;
SELECT public.customers.id FROM public.customers;
SELECT CUSTOMERS.NAME FROM Customers;
SELECT id AS "select", name AS from_, city "where" FROM customers;
SELECT customers.id, c.id FROM customers, customers c WHERE customers.id = c.id;
SELECT c.id FROM customers c WHERE c.id = (SELECT max(c.id) FROM payments c);
SELECT (SELECT name) FROM customers;
SELECT id FROM customers c WHERE (SELECT count(*) FROM payments WHERE customer_id = id) >= 0;
SELECT x FROM (SELECT id AS x FROM customers) a WHERE x IN (SELECT x FROM (SELECT 1 AS x) b);
-- Comments and spacing
SELECT/**/id/* a /* nested */ one */FROM--x
customers;
SELECT id
  -- between
  , name
FROM customers
WHERE
  id NOT -- here too
    IN (1, 2)
ORDER BY id NULLS /* and here */ FIRST;
-- Larger ones
SELECT
  c.city,
  count(DISTINCT c.id) AS people,
  sum(p.amount) FILTER (WHERE p.note IS NOT NULL) AS noted,
  array_agg(DISTINCT c.name ORDER BY c.name) AS names,
  jsonb_object_agg(c.id, p.amount) FILTER (WHERE p.amount > 10) AS large
FROM customers AS c
LEFT JOIN payments AS p ON p.customer_id = c.id
LEFT JOIN LATERAL (
  SELECT max(o.total) AS most
  FROM orders AS o
  WHERE o.customer_id = c.id
    AND o.status = ANY (ARRAY['open', 'done'])
) AS o ON true
WHERE c.city <> 'Nowhere'
  AND (c.phone IS NULL OR c.phone LIKE '+%')
GROUP BY c.city
HAVING count(*) > 1
ORDER BY people DESC, c.city
LIMIT 10;
WITH monthly AS (
  SELECT date_trunc('month', at)::date AS month, count(*) AS events
  FROM events
  GROUP BY 1
),
running AS (
  SELECT
    month,
    events,
    sum(events) OVER (ORDER BY month) AS total,
    lag(events) OVER (ORDER BY month) AS before
  FROM monthly
)
SELECT month, events, total, events - COALESCE(before, 0) AS change
FROM running
WHERE total > 1
ORDER BY month;
SELECT s.name, boss.name AS boss, s.salary - avg(s.salary) OVER (PARTITION BY s.dept) AS above
FROM hr.staff AS s
LEFT JOIN hr.staff AS boss ON boss.id = s.manager_id
WHERE s.salary >= ALL (
  SELECT inner_s.salary
  FROM hr.staff AS inner_s
  WHERE inner_s.dept = s.dept
    AND inner_s.id <> s.id
    AND inner_s.salary < s.salary
)
ORDER BY above DESC NULLS LAST, s.name;
SELECT l.product, l.price, o.status
FROM lines AS l
JOIN orders AS o ON o.id = l.order_id
WHERE (l.order_id, l.line) IN (
  SELECT order_id, max(line)
  FROM lines
  GROUP BY order_id
)
UNION ALL
SELECT 'none', NULL, status
FROM orders AS o
WHERE NOT EXISTS (
  SELECT 1
  FROM lines
  WHERE order_id = o.id
)
ORDER BY 1, 2 NULLS LAST, 3;
-- Subqueries and joins over lines
SELECT
  o.id,
  o.status,
  (SELECT count(*) FROM lines AS l WHERE l.order_id = o.id) AS lines,
  (SELECT sum(price) FROM lines AS l WHERE l.order_id = o.id) AS price
FROM orders AS o
WHERE o.region IS NOT DISTINCT FROM 'EU'
ORDER BY o.id;
SELECT
  c.name,
  p.amount,
  o.total
FROM customers AS c
LEFT JOIN (
  payments AS p
  JOIN orders AS o USING (customer_id)
) ON p.customer_id = c.id
ORDER BY c.name, p.amount, o.total;
SELECT
  big.id,
  big.total
FROM (
  SELECT o.id, o.total, row_number() OVER (ORDER BY o.total DESC, o.id) AS place
  FROM orders AS o
) AS big
WHERE big.place <= 3;
SELECT
  coalesce(a.id, b.id) AS id,
  a.name IS NULL AS gone,
  b.ssn IS NULL AS fresh
FROM customers AS a
FULL JOIN people AS b ON a.id = b.id
ORDER BY 1;
SELECT
  l.order_id,
  l.line,
  l.price,
  sum(l.price) OVER (
    PARTITION BY l.order_id
    ORDER BY l.line
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS running
FROM lines AS l
ORDER BY 1, 2;
WITH RECURSIVE days (day) AS (
  SELECT min(at) FROM events
  UNION ALL
  SELECT day + 100 FROM days WHERE day < (SELECT max(at) FROM events)
)
SELECT d.day, count(e.id) AS events
FROM days AS d
LEFT JOIN events AS e ON e.at >= d.day AND e.at < d.day + 100
GROUP BY d.day
ORDER BY d.day;
SELECT
  CASE grouping(status, region)
    WHEN 0 THEN 'both'
    WHEN 3 THEN 'all'
    ELSE 'one'
  END AS level,
  status,
  region,
  sum(total)
FROM orders
GROUP BY CUBE (status, region)
ORDER BY 1, 2, 3;
