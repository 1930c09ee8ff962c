"""What each job verb of the Redis store does inside its Lua script: the moves of `serve_app.core.jobs`.

A job is a hash of the fields of a `Job`. The jobs of a kind that have not ended are in two sorted sets: those
that have not begun, by the time they are due, and those that have, by when they are due again. The scripts
make the names of their keys themselves: only `claim` can know which job it takes.
"""

from __future__ import annotations

from serve_app.stores.redis.scripts import NOW

JOB = (
    NOW
    + """
local function hash(id) return 'kaleido:job:' .. id end
local function waiting(kind) return 'kaleido:jobs:waiting:' .. kind end
local function begun(kind) return 'kaleido:jobs:begun:' .. kind end

local function find(id)
    local flat, job = redis.call('HGETALL', hash(id)), {}
    for i = 1, #flat, 2 do job[flat[i]] = flat[i + 1] end
    return job.id and not (job.expires_at and tonumber(job.expires_at) <= now) and job or nil
end
local function find_current(id, attempt)
    local job = find(id)
    return job and job.state == 'STARTED' and job.attempt == attempt and job or nil
end
local function show(id) return find(id) and redis.call('HGETALL', hash(id)) end

local function lease(job, lease_until)
    redis.call('ZREM', waiting(job.kind), job.id)
    redis.call('ZADD', begun(job.kind), lease_until, job.id)
    redis.call('HSET', hash(job.id), 'lease_until', lease_until)
end
local function finish(job, keep, state, ...)
    redis.call('ZREM', waiting(job.kind), job.id)
    redis.call('ZREM', begun(job.kind), job.id)
    redis.call('HSET', hash(job.id), 'state', state, 'ended_at', now, 'expires_at', now + keep, ...)
    forget(hash(job.id), now + keep)
end
"""
)

SUBMIT = (
    JOB
    + """
local id, kind, bound, due_at = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
if not find(id) then
    if redis.call('ZCARD', waiting(kind)) >= bound then return false end
    redis.call('DEL', hash(id))
    redis.call('HSET', hash(id), unpack(ARGV, 6))
    redis.call('ZADD', waiting(kind), due_at, id)
end
return show(id)
"""
)

CLAIM = (
    JOB
    + """
local duration, attempts, keep, lost = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local function longest_due(queue)
    local first, since
    for i = 6, #ARGV do
        local due = redis.call('ZRANGEBYSCORE', queue(ARGV[i]), '-inf', now, 'WITHSCORES', 'LIMIT', 0, 1)
        local id, at = due[1], tonumber(due[2] or '')
        if at and (not first or at < since or at == since and id < first) then first, since = id, at end
    end
    return first
end
local function next_due() return longest_due(begun) or longest_due(waiting) end
for id in next_due do
    local job = find(id)
    if job.cancel_requested == '1' then
        finish(job, keep, 'REVOKED')
    elseif job.attempt - job.unspent >= attempts then
        finish(job, keep, 'FAILURE', 'error', lost)
    else
        redis.call('HSET', hash(id), 'state', 'STARTED', 'attempt', job.attempt + 1, 'started_at', now)
        lease(job, now + duration)
        return show(id)
    end
end
"""
)

HEARTBEAT = (
    JOB
    + """
local job, duration, progress = find_current(ARGV[2], ARGV[3]), tonumber(ARGV[4]), ARGV[5]
if not job then return 'lost' end
lease(job, now + duration)
if progress then redis.call('HSET', hash(job.id), 'progress', progress) end
return job.cancel_requested == '1' and 'cancel' or 'kept'
"""
)

# `cancel` has left `keep`: how long the end of a job that it asked to stop is remembered.
RETRY = (
    JOB
    + """
local job, text, delay, unspent = find_current(ARGV[2], ARGV[3]), ARGV[4], tonumber(ARGV[5]), ARGV[6]
if not job then return 0 end
if job.cancel_requested == '1' then
    finish(job, tonumber(job.keep), 'REVOKED')
else
    redis.call('ZADD', begun(job.kind), now + delay, job.id)
    redis.call('HSET', hash(job.id), 'state', 'RETRY', 'error', text, 'due_at', now + delay)
    redis.call('HINCRBY', hash(job.id), 'unspent', unspent)
end
return 1
"""
)

FINISH = (
    JOB
    + """
local id, attempt, state, keep, text, result = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6], ARGV[7]
local job = find_current(id, attempt)
if job then
    if result then redis.call('HSET', hash(id), 'result', result) end
    finish(job, keep, state, 'error', text)
    return 1
end
job = find(id)
return job and job.attempt == attempt and job.state == state and 1 or 0
"""
)

CANCEL = (
    JOB
    + """
local job, keep = find(ARGV[2]), tonumber(ARGV[3])
if job and (job.state == 'PENDING' or job.state == 'RETRY') then
    finish(job, keep, 'REVOKED')
elseif job and job.state == 'STARTED' then
    redis.call('HSET', hash(job.id), 'cancel_requested', 1, 'keep', keep)
end
return show(ARGV[2])
"""
)

FIND = JOB + "return show(ARGV[2])"
BACKLOG = JOB + "return {redis.call('ZCARD', waiting(ARGV[2])), redis.call('ZCARD', begun(ARGV[2]))}"
