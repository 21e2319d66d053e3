-- For wrk, one thread. argv: the JSON text of the query; "distinct" gives each request a variable of its own; the
-- seconds after which nothing more is sent: what is on its way then is answered still; what each brings as its
-- authorization.
local ffi = require('ffi')
ffi.cdef('typedef struct { long seconds; long micros; } instant; int gettimeofday(instant *now, void *zone);')
local instant = ffi.new('instant')
local function now()
  ffi.C.gettimeofday(instant, nil)
  return tonumber(instant.seconds) + tonumber(instant.micros) / 1e6
end

local query, mode, started, stop, count
local threads = {}
function setup(thread)
  threads[1] = thread
end
function init(args)
  query, mode, started, count = args[1], args[2], now(), 0
  stop = started + tonumber(args[3])
  wrk.method = 'POST'
  wrk.headers['Content-Type'] = 'application/json'
  if args[4] and args[4] ~= '' then wrk.headers['Authorization'] = args[4] end
end
function request()
  if mode == 'distinct' then count = count + 1 end
  return wrk.format(nil, nil, nil, string.format('{"query":%s,"variables":{"first":%d}}', query, 5 + 1000 * count))
end
-- Asked before each request of a connection, so after each answer: milliseconds to wait.
function delay()
  local at = now()
  lastAnswer = at - started
  return at < stop and 0 or 1000000
end
function done()
  io.write(string.format('Last answer after %f s\n', threads[1]:get('lastAnswer')))
end
