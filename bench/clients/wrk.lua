-- What the server that is collected from can do: requests and nothing else, from C. `wrk … -s wrk.lua URL -- LIST IN_FLIGHT`.
-- wrk runs for a time and not for a number of requests: it is ended when as many answers have come as the list has lines.
local ffi = require('ffi')
ffi.cdef [[
  typedef struct { long sec; long usec; } bench_time;
  typedef struct { bench_time user; bench_time system; long others[14]; } bench_usage;
  int getrusage(int who, bench_usage *usage);
  int gettimeofday(bench_time *now, void *zone);
]]

local function seconds(time) return tonumber(time.sec) + tonumber(time.usec) / 1e6 end
local function now()
  local time = ffi.new('bench_time')
  ffi.C.gettimeofday(time, nil)
  return seconds(time)
end

local started = now()
local requests, asked, enough = {}, 0, 0

function init(args)
  for url in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format('GET', url:match('^https?://[^/]+(.*)$'))
  end
  -- Every connection asks once before an answer comes, and wrk itself once to see what it is given.
  enough = #requests + tonumber(args[2]) + 1
end

function request()
  asked = asked + 1
  if asked > enough then report() end
  return requests[(asked - 1) % #requests + 1]
end

function report()
  local usage = ffi.new('bench_usage')
  ffi.C.getrusage(0, usage)
  local kb = 0
  for line in io.lines('/proc/self/status') do kb = tonumber(line:match('^VmHWM:%s*(%d+) kB$')) or kb end
  local figures = '{"cpuSeconds":%f,"seconds":%f,"rssMb":%f}\n'
  io.stdout:write(figures:format(seconds(usage.user) + seconds(usage.system), now() - started, kb / 1024))
  io.stdout:flush()
  os.exit(0)
end
