-- Appends an entry if the log still ends where its author read it to. KEYS: log. ARGV: sequence and name of the last
-- entry (both empty: there is none), sequence and name of the new one, its bytes. Gives 1, or 0 if another came first.
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if #last == 0 then
  if ARGV[1] ~= '' then return 0 end
elseif last[1][1] ~= ARGV[1] .. '-0' or last[1][2][2] ~= ARGV[2] then
  return 0
end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('XADD', KEYS[1], ARGV[3] .. '-0', 'name', ARGV[4], 'at', now, 'entry', ARGV[5])
return 1
