-- What stands in a log after a place. KEYS: log. ARGV: sequence and name of the entry there (both empty: from the
-- beginning), the most entries. Gives whether the place is there, the age of the last entry in ms, the entries.
local from = '-'
if ARGV[1] ~= '' then
  local at = redis.call('XRANGE', KEYS[1], ARGV[1] .. '-0', ARGV[1] .. '-0')
  if #at == 0 or at[1][2][2] ~= ARGV[2] then return {0, 0, {}} end
  from = '(' .. ARGV[1] .. '-0'
end
local entries, age = {}, 0
for _, found in ipairs(redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', ARGV[3])) do
  local time = redis.call('TIME')
  age = math.max(0, time[1] * 1000 + math.floor(time[2] / 1000) - found[2][4])
  entries[#entries + 1] = {string.match(found[1], '^%d+'), found[2][6]}
end
return {1, age, entries}
