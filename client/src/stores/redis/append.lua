-- Appends an entry if the log still ends where its author read it to. KEYS: log, version of what is published. ARGV:
-- sequence and name of the last entry (both empty: there is none), sequence and name of the new one, its bytes. Gives the
-- sequence, or 0 if another came first.
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local sequence = ARGV[3]
if #last == 0 then
  if ARGV[1] ~= '' then return 0 end
  -- Versions grow over a log that was lost, too.
  local published = tonumber(redis.call('GET', KEYS[2]) or 0)
  sequence = string.format('%.0f', math.max(tonumber(sequence), published + 1))
elseif last[1][1] ~= ARGV[1] .. '-0' or last[1][2][2] ~= ARGV[2] then
  return 0
end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('XADD', KEYS[1], sequence .. '-0', 'name', ARGV[4], 'at', now, 'entry', ARGV[5])
return tonumber(sequence)
