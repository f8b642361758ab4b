--[[
RDS over TCP for Wireshark and tshark: Linux's net/rds (rds_tcp), Oracle's kernel (UEK), and what
nodes of rds-tcp add among themselves. README.md beside this file says how to install it.

The byte-level facts are in docs/PROTOCOL.md. Written for the Lua API of Wireshark 3.6 to 4.x and
for Lua 5.2 to 5.4: so there is no bit operator, and no number that is shown comes of a division.

Wireshark dissects a packet more than once and in any order. What one frame says of another (this
pong answers that ping) is therefore learnt on the first pass alone, which goes in order, and kept
in `records` under the number of the packet and the place of the RDS frame in it.
]]

local HEADER_BYTES = 48
local EXTENSIONS_AT = 32
local MAP_BYTES = 8192
local REFUSAL_BYTES = 17
-- RDS_MAX_MSG_SIZE: no kernel sends more, though it would take more.
local MAX_MESSAGE_BYTES = 1048576
-- The high half of a sequence below 2^53. No sender gets there, and text or TLS is above.
local MAX_SEQUENCE_HIGH = 0x1fffff
local TWO_TO_32 = 4294967296.0
-- Ports of a map that become filterable items; more of them only make Wireshark slow.
local MAX_PORT_ITEMS = 4096
-- Ranges of ports that are spelt out in a line.
local MAX_RANGES_SHOWN = 32
-- Frames of one packet that the info column tells of.
local MAX_FRAMES_IN_INFO = 4

local FLAG_MAP, FLAG_ACK_REQUIRED, FLAG_RETRANSMITTED = 0x01, 0x02, 0x04
local FLAG_HB_PING, FLAG_HB_PONG, FLAG_UNKNOWN, FLAG_GOODBYE = 0x08, 0x10, 0x40, 0x80

local rds = Proto("rds", "Reliable Datagram Sockets over TCP")

-- ── Fields ──────────────────────────────────────────────────────────────────────────────────────

local function flag(name, label, bit, description)
  return ProtoField.bool("rds.flags." .. name, label, 8, nil, bit, description)
end

local on_off = { [0] = "some in this range", [1] = "all in this range" }

local f = {
  kind = ProtoField.string("rds.kind", "Kind"),
  sequence = ProtoField.uint64("rds.sequence", "Sequence", base.DEC),
  ack = ProtoField.uint64("rds.ack", "Ack", base.DEC, nil, nil, "All up to here is processed"),
  len = ProtoField.uint32("rds.len", "Payload length", base.DEC),
  sport = ProtoField.uint16("rds.sport", "Source port", base.DEC),
  dport = ProtoField.uint16("rds.dport", "Destination port", base.DEC),
  port = ProtoField.uint16("rds.port", "Source or destination port", base.DEC),
  flags = ProtoField.uint8("rds.flags", "Flags", base.HEX),
  flag_map = flag("cong_bitmap", "Congestion map", FLAG_MAP),
  flag_ack = flag("ack_required", "Ack required", FLAG_ACK_REQUIRED),
  flag_retransmitted = flag("retransmitted", "Retransmitted", FLAG_RETRANSMITTED),
  flag_hb_ping = flag("hb_ping", "Heartbeat ping (UEK)", FLAG_HB_PING),
  flag_hb_pong = flag("hb_pong", "Heartbeat pong (UEK)", FLAG_HB_PONG),
  flag_exthdr = flag("exthdr_extension", "Extension header extension (UEK)", 0x20),
  flag_unknown = flag("unknown", "Unknown", FLAG_UNKNOWN),
  flag_goodbye = flag("goodbye", "Goodbye (rds-tcp, unsequenced 0 → 0)", FLAG_GOODBYE),
  credit = ProtoField.uint8("rds.credit", "Credit", base.DEC),
  padding = ProtoField.bytes("rds.padding", "Padding"),
  csum = ProtoField.uint16("rds.csum", "Checksum (unused over TCP)", base.HEX),
  ext = ProtoField.bytes("rds.ext", "Extension headers"),
  ext_type = ProtoField.uint8("rds.ext.type", "Type", base.DEC),
  version = ProtoField.uint32("rds.ext.version", "Version", base.DEC),
  rkey = ProtoField.uint32("rds.ext.rdma_rkey", "RDMA key", base.HEX),
  rdma_offset = ProtoField.uint32("rds.ext.rdma_offset", "RDMA offset", base.DEC),
  rdma_bytes = ProtoField.uint32("rds.ext.rdma_bytes", "RDMA bytes delivered", base.DEC),
  rdma_rflags = ProtoField.uint8("rds.ext.rdma_rflags", "RDMA direction", base.HEX,
    { [1] = "write", [2] = "read" }),
  npaths = ProtoField.uint16("rds.ext.npaths", "Paths (NPATHS)", base.DEC),
  gen_num = ProtoField.uint32("rds.ext.gen_num", "Generation (GEN_NUM)", base.HEX),
  cap_bits = ProtoField.uint32("rds.ext.cap_bits", "Capabilities (CAP_BITS)", base.HEX),
  cap_hb = ProtoField.bool("rds.ext.cap_bits.heartbeat", "Heartbeats", 32, nil, 0x01),
  sport_idx = ProtoField.uint8("rds.ext.sport_idx", "Path by source port (SPORT_IDX)", base.DEC),
  csum_value = ProtoField.uint32("rds.ext.csum", "Payload checksum (CSUM)", base.HEX),
  csum_enabled = ProtoField.uint8("rds.ext.csum_enabled", "Checksum is valid", base.DEC),
  own_features = ProtoField.uint8("rds.ext.own.features", "rds-tcp features", base.HEX),
  own_acks = ProtoField.bool("rds.ext.own.acks", "Acknowledges in the ack field", 8, nil, 0x01),
  own_port = ProtoField.uint16("rds.ext.own.tcp_port", "rds-tcp listens on TCP port", base.DEC),
  map = ProtoField.bytes("rds.map", "Congestion map"),
  map_count = ProtoField.uint32("rds.map.count", "Ports marked", base.DEC),
  map_ports = ProtoField.string("rds.map.ports", "Marked"),
  map_port = ProtoField.uint16("rds.map.port", "Marked port", base.DEC),
  refused_first = ProtoField.uint64("rds.refused.first", "First refused", base.DEC),
  refused_last = ProtoField.uint64("rds.refused.last", "Last refused", base.DEC),
  refused_exact = ProtoField.uint8("rds.refused.exact", "Refused are", base.DEC, on_off),
  payload = ProtoField.bytes("rds.payload", "Payload"),
  response_in = ProtoField.framenum("rds.response_in", "Pong in", base.NONE, frametype.RESPONSE),
  response_to = ProtoField.framenum("rds.response_to", "Ping in", base.NONE, frametype.REQUEST),
  response_time = ProtoField.relative_time("rds.response_time", "Response time"),
  resent_from = ProtoField.framenum("rds.resent_from", "First sent in", base.NONE,
    frametype.RETRANS_PREV),
  resent_in = ProtoField.framenum("rds.resent_in", "Sent again in", base.NONE,
    frametype.RETRANS_NEXT),
  acks = ProtoField.framenum("rds.acks", "Newest acknowledged here", base.NONE, frametype.ACK),
  acks_count = ProtoField.uint32("rds.acks_count", "Newly acknowledged frames", base.DEC),
  acked_in = ProtoField.framenum("rds.acked_in", "Acknowledged in", base.NONE, frametype.ACK),
}

local field_list = {}
for _, field in pairs(f) do field_list[#field_list + 1] = field end
rds.fields = field_list

local function expert_info(name, text, group, severity)
  return ProtoExpert.new("rds." .. name, text, group, severity)
end

local SEQUENCE, PROTOCOL, MALFORMED =
  expert.group.SEQUENCE, expert.group.PROTOCOL, expert.group.MALFORMED
local NOTE, WARN, ERROR = expert.severity.NOTE, expert.severity.WARN, expert.severity.ERROR

local e = {
  backwards = expert_info("sequence_back", "Sequence goes back without the retransmitted flag",
    SEQUENCE, WARN),
  gap = expert_info("sequence_gap", "Sequence leaves some out", SEQUENCE, NOTE),
  resent = expert_info("resent", "Sent again after a connection broke", SEQUENCE, NOTE),
  restarted = expert_info("restarted", "New generation: the sender has restarted", SEQUENCE, NOTE),
  too_long = expert_info("too_long", "Longer than 1 MiB, which no kernel sends", PROTOCOL, WARN),
  padding = expert_info("padding_set", "Padding, credit or checksum is not zero", PROTOCOL, WARN),
  flags = expert_info("flags_unknown", "Flags that mean nothing here", PROTOCOL, NOTE),
  bad_map = expert_info("bad_map", "Congestion map flag on a frame that is not a map",
    PROTOCOL, WARN),
  extension = expert_info("ext_unknown", "Unknown extension header: the rest is not read",
    PROTOCOL, NOTE),
  extension_cut = expert_info("ext_cut", "Extension header does not fit", MALFORMED, WARN),
  refusals = expert_info("refusals_bad", "Refusals are no whole number of ranges", MALFORMED, WARN),
  no_header = expert_info("no_header", "Not an RDS header: inside a message, or framing is lost",
    PROTOCOL, WARN),
  cut = expert_info("cut", "The rest of this frame is not here", expert.group.REASSEMBLE, NOTE),
}

local expert_list = {}
for _, info in pairs(e) do expert_list[#expert_list + 1] = info end
rds.experts = expert_list

rds.prefs.ports = Pref.range("TCP ports", "16385",
  "TCP ports of RDS. Connections on others are known by their first frame.", 65535)
rds.prefs.longest = Pref.uint("Longest payload (bytes)", 16 * MAX_MESSAGE_BYTES,
  "A header that announces more is taken for lost framing and not waited for.")

local by_port = DissectorTable.new("rds.port", "RDS port", ftypes.UINT16, base.DEC, rds)
local tcp_stream = Field.new("tcp.stream")

-- ── What is known of other packets ──────────────────────────────────────────────────────────────

-- flows: per TCP connection and sender. transmissions: by hosts, sequence, length, ports, because
-- a message is sent again on a later connection. generations: by host and port.
local records, flows, transmissions, generations

local function forget()
  records, flows, transmissions, generations = {}, {}, {}, {}
end
forget()
rds.init = forget

local function flow_of(stream, address, port)
  local key = stream .. "|" .. tostring(address) .. "|" .. port
  local flow = flows[key]
  if not flow then
    flow = { pings = {}, unacked = {}, oldest = 1, newest = 0 }
    flows[key] = flow
  end
  return flow
end

local function has(flags, bit)
  return math.floor(flags / bit) % 2 == 1
end

local PING_KINDS = { ["ping"] = true, ["probe"] = true, ["hb-ping"] = true }
local PONG_KINDS = { ["pong"] = true, ["probe-pong"] = true, ["hb-pong"] = true }

local function learn_ping(header, record, sender, receiver)
  if PING_KINDS[header.kind] then
    local waiting = sender.pings[header.sport] or {}
    sender.pings[header.sport] = waiting
    waiting[#waiting + 1] = record
  elseif PONG_KINDS[header.kind] and not header.retransmitted then
    -- One that was sent again answers a ping of a connection that is gone.
    local ping = table.remove(receiver.pings[header.dport] or {}, 1)
    if not ping then return end
    record.response_to, ping.response_in = ping.number, record.number
    record.response_time = record.time - ping.time
    ping.response_time = record.response_time
  end
end

local function learn_ack(header, record, receiver)
  local count, newest = 0, nil
  while receiver.oldest <= receiver.newest do
    local sent = receiver.unacked[receiver.oldest]
    if sent.sequence > header.ack then break end
    receiver.unacked[receiver.oldest] = nil
    receiver.oldest = receiver.oldest + 1
    sent.acked_in, newest, count = record.number, sent, count + 1
  end
  if newest then record.acks, record.acks_count = newest.number, count end
end

local function learn_sequence(header, record, sender)
  local last = sender.last
  if last and not header.retransmitted then
    if header.sequence <= last then
      record.backwards = true
    elseif header.sequence > last + 1 and not sender.last_was_resent then
      record.gap = header.sequence - last - 1
    end
  end
  sender.last, sender.last_was_resent = header.sequence, header.retransmitted
  record.sequence = header.sequence
  sender.newest = sender.newest + 1
  sender.unacked[sender.newest] = record
end

local function learn_transmission(header, record, pinfo)
  local key = tostring(pinfo.src) .. ">" .. tostring(pinfo.dst) .. header.identity
  local first = transmissions[key]
  if header.retransmitted and first then
    record.resent_from = first.number
    first.resent_in = first.resent_in or record.number
  else
    -- Also a number that is used anew, by a sender that has restarted.
    transmissions[key] = record
  end
end

local function learn_generation(header, record, pinfo, receiver)
  local key = tostring(pinfo.src) .. "|" .. (header.own_port or "")
  local before = generations[key]
  if before and before ~= header.generation then
    record.restarted = true
    -- Who hears of it counts from the beginning.
    receiver.last = nil
  end
  generations[key] = header.generation
end

local function learn(header, pinfo)
  local record = { number = pinfo.number, time = pinfo.rel_ts }
  local stream = tcp_stream()
  stream = stream and tostring(stream.value) or ""
  local sender = flow_of(stream, pinfo.src, pinfo.src_port)
  local receiver = flow_of(stream, pinfo.dst, pinfo.dst_port)
  if header.generation then learn_generation(header, record, pinfo, receiver) end
  if header.ack > 0 then learn_ack(header, record, receiver) end
  if header.sequence > 0 then
    learn_sequence(header, record, sender)
    learn_transmission(header, record, pinfo)
  end
  learn_ping(header, record, sender, receiver)
  return record
end

-- The place of this RDS frame in its packet. `private` is empty each time a packet is dissected.
local function next_index(pinfo)
  local index = (tonumber(pinfo.private["rds.index"]) or 0) + 1
  pinfo.private["rds.index"] = string.format("%d", index)
  return index
end

local function record_of(header, pinfo, index)
  local of_packet = records[pinfo.number] or {}
  records[pinfo.number] = of_packet
  if not pinfo.visited then of_packet[index] = learn(header, pinfo) end
  return of_packet[index] or {}
end

-- ── Header ──────────────────────────────────────────────────────────────────────────────────────

local function sequence_at(tvb, at)
  return tvb(at, 4):uint() * TWO_TO_32 + tvb(at + 4, 4):uint()
end

-- Frames 0 → 0. Kernels ignore them; Oracle's and nodes of rds-tcp talk in them.
local function internal_kind(header)
  if has(header.flags, FLAG_HB_PING) then return "hb-ping" end
  if has(header.flags, FLAG_HB_PONG) then return "hb-pong" end
  if header.sequence > 0 then return header.len > 0 and "refusals" or "nothing" end
  if has(header.flags, FLAG_GOODBYE) then return "goodbye" end
  if header.extended then return "hello" end
  if has(header.flags, FLAG_ACK_REQUIRED) then return "heartbeat" end
  return "ack"
end

local function kind_of(header)
  if header.flags == FLAG_MAP and header.len == MAP_BYTES then return "map" end
  if header.dport == 0 then
    if header.sport == 0 then return internal_kind(header) end
    return header.sport == 1 and "probe" or "ping"
  end
  if header.sport == 0 then return header.dport == 1 and "probe-pong" or "pong" end
  return "data"
end

local function read_header(tvb, at)
  local header = {
    sequence = sequence_at(tvb, at),
    ack = sequence_at(tvb, at + 8),
    len = tvb(at + 16, 4):uint(),
    sport = tvb(at + 20, 2):uint(),
    dport = tvb(at + 22, 2):uint(),
    flags = tvb(at + 24, 1):uint(),
    extended = tvb(at + EXTENSIONS_AT, 1):uint() ~= 0,
    identity = tvb(at, 8):bytes():tohex() .. tvb(at + 16, 8):bytes():tohex(),
  }
  header.retransmitted = has(header.flags, FLAG_RETRANSMITTED)
  header.kind = kind_of(header)
  return header
end

-- What no sender of RDS writes.
local function is_header(tvb, at)
  return tvb(at, 4):uint() <= MAX_SEQUENCE_HIGH
    and tvb(at + 8, 4):uint() <= MAX_SEQUENCE_HIGH
    and tvb(at + 16, 4):uint() <= rds.prefs.longest
end

local function add_flags(tree, tvb, at, header)
  local item = tree:add(f.flags, tvb(at, 1))
  for _, field in ipairs({ f.flag_goodbye, f.flag_unknown, f.flag_exthdr, f.flag_hb_pong,
    f.flag_hb_ping, f.flag_retransmitted, f.flag_ack, f.flag_map }) do
    item:add(field, tvb(at, 1))
  end
  if has(header.flags, FLAG_UNKNOWN)
    or (has(header.flags, FLAG_GOODBYE) and header.kind ~= "goodbye") then
    item:add_proto_expert_info(e.flags)
  end
  if has(header.flags, FLAG_MAP) and header.kind ~= "map" then
    item:add_proto_expert_info(e.bad_map)
  end
end

local function add_header(tree, tvb, at, header)
  tree:add(f.kind, tvb(at, HEADER_BYTES), header.kind):set_generated()
  tree:add(f.sequence, tvb(at, 8))
  tree:add(f.ack, tvb(at + 8, 8))
  local len = tree:add(f.len, tvb(at + 16, 4))
  if header.len > MAX_MESSAGE_BYTES then len:add_proto_expert_info(e.too_long) end
  tree:add(f.sport, tvb(at + 20, 2))
  tree:add(f.dport, tvb(at + 22, 2))
  tree:add(f.port, tvb(at + 20, 2)):set_hidden()
  tree:add(f.port, tvb(at + 22, 2)):set_hidden()
  add_flags(tree, tvb, at + 24, header)
  tree:add(f.credit, tvb(at + 25, 1))
  local padding = tree:add(f.padding, tvb(at + 26, 4))
  tree:add(f.csum, tvb(at + 30, 2))
  if tvb(at + 25, 1):uint() + tvb(at + 26, 4):uint() + tvb(at + 30, 2):uint() > 0 then
    padding:add_proto_expert_info(e.padding)
  end
end

-- ── Extension headers ───────────────────────────────────────────────────────────────────────────

-- Per type: the length of the payload, the name, and the fields as { field, offset, length }.
local EXTENSIONS = {
  [1] = { 4, "VERSION", { { f.version, 0, 4 } } },
  [2] = { 4, "RDMA", { { f.rkey, 0, 4 } } },
  [3] = { 8, "RDMA_DEST", { { f.rkey, 0, 4 }, { f.rdma_offset, 4, 4 } } },
  [4] = { 8, "RDMA_BYTES", { { f.rdma_bytes, 0, 4 }, { f.rdma_rflags, 4, 1 } } },
  [5] = { 2, "NPATHS", { { f.npaths, 0, 2 } } },
  [6] = { 4, "GEN_NUM", { { f.gen_num, 0, 4 } } },
  [7] = { 4, "CAP_BITS (UEK)", { { f.cap_bits, 0, 4 }, { f.cap_hb, 0, 4 } } },
  [8] = { 1, "SPORT_IDX", { { f.sport_idx, 0, 1 } } },
  [9] = { 8, "CSUM (UEK)", { { f.csum_value, 0, 4 }, { f.csum_enabled, 4, 1 } } },
  [0x72] = { 3, "rds-tcp",
    { { f.own_features, 0, 1 }, { f.own_acks, 0, 1 }, { f.own_port, 1, 2 } } },
}

-- Calls `visit(type, offset, extension)` for each; an unknown one is the last, without extension.
local function each_extension(tvb, start, visit)
  local at, stop = start, start + HEADER_BYTES - EXTENSIONS_AT
  while at < stop do
    local kind = tvb(at, 1):uint()
    if kind == 0 then return end
    local extension = EXTENSIONS[kind]
    local fits = extension and at + 1 + extension[1] <= stop
    visit(kind, at, extension, fits)
    if not fits then return end
    at = at + 1 + extension[1]
  end
end

-- What of them other frames are judged by.
local function read_extensions(tvb, start, header)
  each_extension(tvb, start, function(kind, at, _, fits)
    if not fits then return end
    if kind == 6 then header.generation = tvb(at + 1, 4):uint() end
    if kind == 0x72 then header.own_port = tvb(at + 2, 2):uint() end
  end)
end

local function add_extensions(tree, tvb, start)
  local all = tree:add(f.ext, tvb(start, HEADER_BYTES - EXTENSIONS_AT))
  local names = {}
  each_extension(tvb, start, function(kind, at, extension, fits)
    local name = extension and extension[2] or string.format("type %d", kind)
    names[#names + 1] = name
    local length = fits and 1 + extension[1] or 1
    local item = all:add(tvb(at, length), "Extension header: " .. name)
    item:add(f.ext_type, tvb(at, 1))
    if not extension then item:add_proto_expert_info(e.extension) return end
    if not fits then item:add_proto_expert_info(e.extension_cut) return end
    for _, field in ipairs(extension[3]) do item:add(field[1], tvb(at + 1 + field[2], field[3])) end
  end)
  all:set_text("Extension headers: " .. (#names > 0 and table.concat(names, ", ") or "none"))
end

-- ── Payload ─────────────────────────────────────────────────────────────────────────────────────

-- The marked ports, ascending: port p is byte p/8, bit p%8 from the lowest.
local function ports_of(map)
  local ports = {}
  local at = map:find("[^\0]")
  while at do
    local byte = map:byte(at)
    for bit = 0, 7 do
      if has(byte, 2 ^ bit) then ports[#ports + 1] = (at - 1) * 8 + bit end
    end
    at = map:find("[^\0]", at + 1)
  end
  return ports
end

-- "5000-5003, 6000": neighbours as a range, and only so many ranges.
local function describe_ports(ports)
  if #ports == 0 then return "none" end
  local ranges, index = {}, 1
  while index <= #ports do
    if #ranges == MAX_RANGES_SHOWN then
      ranges[#ranges + 1] = string.format("… %d more", #ports - index + 1)
      break
    end
    local first = index
    while ports[index + 1] == ports[index] + 1 do index = index + 1 end
    local one = first == index and "%d" or "%d-%d"
    ranges[#ranges + 1] = string.format(one, ports[first], ports[index])
    index = index + 1
  end
  return table.concat(ranges, ", ")
end

local function add_map(tree, tvb, at)
  local ports = ports_of(tvb:raw(at, MAP_BYTES))
  local text = describe_ports(ports)
  local item = tree:add(f.map, tvb(at, MAP_BYTES))
  item:set_text("Congestion map: " .. text)
  item:add(f.map_count, #ports):set_generated()
  item:add(f.map_ports, text):set_generated()
  for index = 1, math.min(#ports, MAX_PORT_ITEMS) do
    local port = ports[index]
    item:add(f.map_port, tvb(at + math.floor(port / 8), 1), port)
  end
  return text
end

local function add_refusals(tree, tvb, at, length)
  local item = tree:add(f.payload, tvb(at, length))
  item:set_text(string.format("Refused: %d ranges", math.floor(length / REFUSAL_BYTES)))
  if length % REFUSAL_BYTES ~= 0 then item:add_proto_expert_info(e.refusals) return end
  for start = at, at + length - 1, REFUSAL_BYTES do
    item:add(f.refused_first, tvb(start, 8))
    item:add(f.refused_last, tvb(start + 8, 8))
    item:add(f.refused_exact, tvb(start + 16, 1))
  end
end

local function add_payload(tree, root, tvb, at, header, pinfo)
  local length = math.min(header.len, tvb:len() - at)
  if length == 0 then return end
  if length < header.len then
    tree:add(f.payload, tvb(at, length)):add_proto_expert_info(e.cut)
  elseif header.kind == "refusals" then
    add_refusals(tree, tvb, at, length)
  else
    tree:add(f.payload, tvb(at, length))
    if header.kind ~= "data" then return end
    -- Not by_port:try, which hands to "data" what nobody wants.
    local reader = by_port:get_dissector(header.dport) or by_port:get_dissector(header.sport)
    if reader then reader:call(tvb(at, length):tvb(), pinfo, root) end
  end
end

-- ── Lines ───────────────────────────────────────────────────────────────────────────────────────

local TITLES = {
  ["map"] = "Congestion map",
  ["probe"] = "Probe",
  ["probe-pong"] = "Probe pong",
  ["hello"] = "Hello",
  ["ack"] = "Acknowledgement",
  ["heartbeat"] = "Heartbeat",
  ["goodbye"] = "Goodbye",
  ["refusals"] = "Refusals",
  ["nothing"] = "Nothing",
  ["hb-ping"] = "Heartbeat ping",
  ["hb-pong"] = "Heartbeat pong",
}

local function title_of(header)
  local kind = header.kind
  if kind == "data" then return string.format("%d → %d", header.sport, header.dport) end
  if kind == "ping" then return string.format("Ping %d", header.sport) end
  if kind == "pong" then return string.format("Pong %d", header.dport) end
  return TITLES[kind]
end

local function line_of(header, marked)
  local line = title_of(header)
  if header.kind == "map" then return line .. ": " .. marked end
  if header.sequence > 0 then line = line .. string.format(" Seq=%.0f", header.sequence) end
  if header.ack > 0 then line = line .. string.format(" Ack=%.0f", header.ack) end
  if header.kind == "data" or header.len > 0 then
    line = line .. string.format(" Len=%d", header.len)
  end
  if header.retransmitted then line = line .. " [retransmitted]" end
  if header.kind == "data" and has(header.flags, FLAG_ACK_REQUIRED) then
    line = line .. " [receipt wanted]"
  end
  return line
end

local function write_columns(pinfo, line, index)
  pinfo.cols.protocol = "RDS"
  if index == 1 then
    pinfo.cols.info = line
  elseif index <= MAX_FRAMES_IN_INFO then
    pinfo.cols.info:append("; " .. line)
  elseif index == MAX_FRAMES_IN_INFO + 1 then
    pinfo.cols.info:append("; …")
  end
  -- What dissects the payload adds to it.
  pinfo.cols.info:fence()
end

local function add_links(tree, header, record)
  for _, name in ipairs({ "response_in", "response_to", "resent_from", "resent_in", "acked_in",
    "acks", "acks_count" }) do
    if record[name] then tree:add(f[name], record[name]):set_generated() end
  end
  if record.response_time then
    local seconds = math.floor(record.response_time)
    local nanoseconds = math.floor((record.response_time - seconds) * 1e9 + 0.5)
    tree:add(f.response_time, NSTime.new(seconds, nanoseconds)):set_generated()
  end
  if header.retransmitted then tree:add_proto_expert_info(e.resent) end
  if record.backwards then tree:add_proto_expert_info(e.backwards) end
  if record.restarted then tree:add_proto_expert_info(e.restarted) end
  if record.gap then
    tree:add_proto_expert_info(e.gap, string.format("Sequence leaves out %.0f", record.gap))
  end
end

-- ── The dissector ───────────────────────────────────────────────────────────────────────────────

local function dissect_frame(tvb, pinfo, root, at)
  local header = read_header(tvb, at)
  read_extensions(tvb, at + EXTENSIONS_AT, header)
  local index = next_index(pinfo)
  local record = record_of(header, pinfo, index)
  local length = math.min(HEADER_BYTES + header.len, tvb:len() - at)
  local tree = root:add(rds, tvb(at, length))
  add_header(tree, tvb, at, header)
  if header.extended then add_extensions(tree, tvb, at + EXTENSIONS_AT) end
  add_links(tree, header, record)
  local marked
  if header.kind == "map" then
    marked = length == HEADER_BYTES + MAP_BYTES and add_map(tree, tvb, at + HEADER_BYTES) or "cut"
  end
  local line = line_of(header, marked)
  tree:set_text("Reliable Datagram Sockets, " .. line)
  write_columns(pinfo, line, index)
  if header.kind ~= "map" then add_payload(tree, root, tvb, at + HEADER_BYTES, header, pinfo) end
  return length
end

-- A capture that begins inside a message, or a stranger on the port. RDS has no mark to find the
-- next header by, so the packet is left at that; the next one may begin with a header again.
local function dissect_unknown(tvb, pinfo, root, at, info)
  pinfo.cols.protocol = "RDS"
  root:add(rds, tvb(at)):add_proto_expert_info(info)
end

-- How many bytes are missing for the frame at `at`, as desegment_len wants it; 0 if none.
local function missing_bytes(tvb, at)
  local left = tvb:len() - at
  if left < HEADER_BYTES then return DESEGMENT_ONE_MORE_SEGMENT end
  return math.max(0, HEADER_BYTES + tvb(at + 16, 4):uint() - left)
end

local function dissect(tvb, pinfo, root)
  local at = 0
  while at < tvb:len() do
    local has_header = tvb:len() - at >= HEADER_BYTES
    if has_header and not is_header(tvb, at) then
      dissect_unknown(tvb, pinfo, root, at, e.no_header)
      break
    end
    local missing = missing_bytes(tvb, at)
    if missing > 0 and pinfo.can_desegment > 0 then
      pinfo.desegment_offset = at
      pinfo.desegment_len = missing
      break
    end
    if not has_header then
      dissect_unknown(tvb, pinfo, root, at, e.cut)
      break
    end
    at = at + dissect_frame(tvb, pinfo, root, at)
  end
  return tvb:len()
end
rds.dissector = dissect

-- ── Which connections ───────────────────────────────────────────────────────────────────────────

-- Each side begins with its congestion map, or says who it is. Nothing else begins a connection for
-- certain, so nothing else is taken for RDS on a port that is not known.
local function begins_connection(tvb)
  if tvb:len() < HEADER_BYTES or not is_header(tvb, 0) then return false end
  if tvb(25, 1):uint() + tvb(26, 4):uint() + tvb(30, 2):uint() > 0 then return false end
  local header = read_header(tvb, 0)
  if header.kind == "map" then return header.sequence == 0 and header.ack == 0 end
  local introduces = header.kind == "probe" or header.kind == "probe-pong" or header.kind == "hello"
  return introduces and header.len == 0 and tvb(EXTENSIONS_AT, 1):uint() == 5
end

rds:register_heuristic("tcp", function(tvb, pinfo, root)
  if not begins_connection(tvb) then return false end
  pinfo.conversation = rds
  dissect(tvb, pinfo, root)
  return true
end)

local tcp_ports = DissectorTable.get("tcp.port")
local registered = rds.prefs.ports
tcp_ports:add(registered, rds)

function rds.prefs_changed()
  if registered == rds.prefs.ports then return end
  tcp_ports:remove(registered, rds)
  registered = rds.prefs.ports
  tcp_ports:add(registered, rds)
end
