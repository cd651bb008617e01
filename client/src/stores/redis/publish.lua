-- Publishes one batch, which becomes visible at once. KEYS: prefix. ARGV: sequence, whether these are all websites, how
-- long a removal is remembered in ms, up to where all is known to be published, how many are set; of each its id, version,
-- JSON; of each removed one its id, version.
local prefix, sequence = KEYS[1], ARGV[1]
local log = prefix .. ':log'
local published = tonumber(redis.call('GET', prefix .. ':version') or 0)
local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
local ends = last and tonumber(string.match(last[1], '^%d+')) or 0
if published < tonumber(ARGV[4]) or published > ends then
  -- What was published was lost, or the log was: the log begins anew, so that everything is published.
  redis.call('DEL', log)
  return 0
end
if published > tonumber(sequence) then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local versions, removals = prefix .. ':websites', prefix .. ':removed'
local set, gone, here = {}, {}, {}

local function is_newer(id, version)
  local had = redis.call('ZSCORE', versions, id)
  return not had or tonumber(had) < tonumber(version)
end

local function remove(id, version)
  if not is_newer(id, version) then return end
  local at = string.format('%.0f', now)
  local tombstone = '{"version":' .. version .. ',"removed":true,"removed_at_ms":' .. at .. '}'
  redis.call('SET', prefix .. ':website:' .. id, tombstone)
  redis.call('ZADD', versions, version, id)
  redis.call('ZADD', removals, at, id)
  gone[#gone + 1] = '"' .. id .. '"'
end

local next = 6
for _ = 1, tonumber(ARGV[5]) do
  local id, version, json = ARGV[next], ARGV[next + 1], ARGV[next + 2]
  next, here[id] = next + 3, true
  if is_newer(id, version) then
    redis.call('SET', prefix .. ':website:' .. id, json)
    redis.call('ZADD', versions, version, id)
    redis.call('ZREM', removals, id)
    set[#set + 1] = '"' .. id .. '"'
  end
end
while ARGV[next] do
  remove(ARGV[next], ARGV[next + 1])
  next = next + 2
end
if ARGV[2] == '1' then
  for _, id in ipairs(redis.call('ZRANGE', versions, 0, -1)) do
    if not here[id] and not redis.call('ZSCORE', removals, id) then remove(id, sequence) end
  end
end
local old = string.format('%.0f', now - ARGV[3])
for _, id in ipairs(redis.call('ZRANGEBYSCORE', removals, '-inf', old, 'LIMIT', 0, 1000)) do
  redis.call('DEL', prefix .. ':website:' .. id)
  redis.call('ZREM', versions, id)
  redis.call('ZREM', removals, id)
end
redis.call('SET', prefix .. ':version', sequence)
redis.call('PUBLISH', prefix .. ':changes', '{"version":' .. sequence .. ',"changed":[' .. table.concat(set, ',')
  .. '],"removed":[' .. table.concat(gone, ',') .. ']}')
return 1
