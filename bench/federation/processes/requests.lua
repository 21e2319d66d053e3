-- For wrk. argv: the JSON text of the query; "distinct" gives each request a variable of its own;
-- what each brings as its authorization.
local query, mode, count
function init(args)
  query, mode, count = args[1], args[2], 0
  wrk.method = 'POST'
  wrk.headers['Content-Type'] = 'application/json'
  if args[3] and args[3] ~= '' then wrk.headers['Authorization'] = args[3] end
end
function request()
  if mode == 'distinct' then count = count + 1 end
  return wrk.format(nil, nil, nil, string.format('{"query":%s,"variables":{"first":%d}}', query, 5 + 1000 * count))
end
