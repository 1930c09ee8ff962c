"""What each verb of the Redis store does inside its Lua script; times are microseconds of the epoch.

ARGV[1] is the time, or empty for the server's own. Numbers given to `redis.call` keep all their digits,
numbers joined to a string do not (Lua prints 14), hence `string.format`.
"""

from __future__ import annotations

from serve_app.stores.encoding import SUB_WINDOWS, SWEEP_LIMIT

NOW = """
local now = tonumber(ARGV[1])
if not now then
    local time = redis.call('TIME')
    now = time[1] * 1000000 + time[2]
end
local function forget(key, at) redis.call('PEXPIREAT', key, math.ceil(at / 1000)) end
"""

# A collection is a hash, key -> "version:expires_at:body", and a sorted set of the keys that expire.
DOCUMENT = (
    NOW
    + """
local documents, expiry, key = KEYS[1], KEYS[2], ARGV[2]
local function parse(text)
    if not text then return nil end
    local version, expires_at, body = string.match(text, '^(%d+):(%d*):(.*)$')
    if expires_at == '' or tonumber(expires_at) > now then return tonumber(version), body end
end
"""
)

GET = (
    DOCUMENT
    + """
local version, body = parse(redis.call('HGET', documents, key))
return version and {version, body}
"""
)

PUT = (
    DOCUMENT
    + f"""
local body, expected, ttl = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local version = parse(redis.call('HGET', documents, key)) or 0
if expected and expected ~= version then return 0 end
for _, old in ipairs(redis.call('ZRANGEBYSCORE', expiry, '-inf', now, 'LIMIT', 0, {SWEEP_LIMIT})) do
    redis.call('HDEL', documents, old)
    redis.call('ZREM', expiry, old)
end
local expires_at = ttl and math.max(now + ttl, 0)
local head = string.format('%d:%s:', version + 1, expires_at and string.format('%.0f', expires_at) or '')
redis.call('HSET', documents, key, head .. body)
if expires_at then redis.call('ZADD', expiry, expires_at, key) else redis.call('ZREM', expiry, key) end
if redis.call('HLEN', documents) == redis.call('ZCARD', expiry) then
    local last = redis.call('ZRANGE', expiry, -1, -1, 'WITHSCORES')[2]
    forget(documents, last)
    forget(expiry, last)
else
    redis.call('PERSIST', documents)
    redis.call('PERSIST', expiry)
end
return version + 1
"""
)

DELETE = (
    DOCUMENT
    + """
local version = parse(redis.call('HGET', documents, key))
redis.call('HDEL', documents, key)
redis.call('ZREM', expiry, key)
return version and 1 or 0
"""
)

LIST = (
    DOCUMENT
    + """
local all, live = redis.call('HGETALL', documents), {}
for i = 1, #all, 2 do
    local version, body = parse(all[i + 1])
    if version then live[#live + 1] = {all[i], version, body} end
end
return live
"""
)

# A rate window is a hash, the time a sub-window is wholly outside -> hits counted in it.
HIT = (
    NOW
    + f"""
local key, limit, window = KEYS[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local all, live, used, last = redis.call('HGETALL', key), {{}}, 0, 0
for i = 1, #all, 2 do
    local leaves_at, count = tonumber(all[i]), tonumber(all[i + 1])
    if leaves_at > now then
        live[#live + 1] = {{leaves_at, count}}
        used, last = used + count, math.max(last, leaves_at)
    else
        redis.call('HDEL', key, all[i])
    end
end
if used < limit then
    local step = math.ceil(window / {SUB_WINDOWS})
    local leaves_at = (math.floor(now / step) + 1) * step + window
    redis.call('HINCRBY', key, string.format('%.0f', leaves_at), 1)
    forget(key, math.max(last, leaves_at))
    return {{1, used + 1, leaves_at - now}}
end
table.sort(live, function(a, b) return a[1] < b[1] end)
local excess = used - limit
for _, sub_window in ipairs(live) do
    excess = excess - sub_window[2]
    if excess < 0 then return {{0, used, sub_window[1] - now}} end
end
return {{0, used, window}}
"""
)

# A running total is a hash: total, carry (Kahan 1965), expires_at and one "event:..." for each known event.
ADD = (
    NOW
    + """
local key, amount, ttl, once = KEYS[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local expires_at = tonumber(redis.call('HGET', key, 'expires_at') or '')
if not expires_at or expires_at <= now then
    expires_at = now + ttl
    redis.call('DEL', key)
    redis.call('HSET', key, 'expires_at', expires_at, 'total', '0', 'carry', '0')
end
local total, carry = unpack(redis.call('HMGET', key, 'total', 'carry'))
if once and redis.call('HSETNX', key, 'event:' .. once, 1) == 0 then return total end
amount = amount - carry
local larger = total + amount
redis.call('HSET', key, 'total', larger, 'carry', (larger - total) - amount)
forget(key, expires_at)
return string.format('%.17g', larger)
"""
)

TOTAL = (
    NOW
    + """
local total, expires_at = unpack(redis.call('HMGET', KEYS[1], 'total', 'expires_at'))
return total and tonumber(expires_at) > now and total
"""
)

# The slots of a lease are a sorted set, holder by the time it expires.
LEASE = (
    NOW
    + """
local key, holder = KEYS[1], ARGV[2]
local function keep(ttl)
    redis.call('ZADD', key, now + ttl, holder)
    forget(key, redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')[2])
end
"""
)

ACQUIRE = (
    LEASE
    + """
local limit, ttl = tonumber(ARGV[3]), tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
if not redis.call('ZSCORE', key, holder) and redis.call('ZCARD', key) >= limit then return 0 end
keep(ttl)
return 1
"""
)

RENEW = (
    LEASE
    + """
local ttl, expires_at = tonumber(ARGV[3]), redis.call('ZSCORE', key, holder)
if not expires_at or tonumber(expires_at) <= now then return 0 end
keep(ttl)
return 1
"""
)

RELEASE = LEASE + "redis.call('ZREM', key, holder)"

HELD = LEASE + "return redis.call('ZCOUNT', key, string.format('(%.0f', now), '+inf')"
