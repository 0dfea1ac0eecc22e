import CRabbitMQ

/// Lends Swift strings and headers to the C library for the length of one call. One block of
/// memory, used again for every message.
struct AMQPArena: ~Copyable {
  private let memory: UnsafeMutableRawBufferPointer
  private var used = 0

  init(byteCount: Int) {
    memory = .allocate(byteCount: byteCount, alignment: 16)
  }

  deinit { memory.deallocate() }

  /// What was lent before must no longer be in use.
  mutating func reset() { used = 0 }

  mutating func bytes(_ text: String) -> amqp_bytes_t {
    var text = text
    return text.withUTF8 { utf8 in
      let place = take(utf8.count, alignment: 1)
      place.copyMemory(from: UnsafeRawBufferPointer(utf8))
      return amqp_bytes_t(len: utf8.count, bytes: place.baseAddress)
    }
  }

  mutating func table(_ values: [String: HeaderValue]) -> amqp_table_t {
    if values.isEmpty { return amqp_table_t() }
    let stride = MemoryLayout<amqp_table_entry_t>.stride
    let entries = take(values.count * stride, alignment: 16)
      .bindMemory(to: amqp_table_entry_t.self)
    for (index, pair) in values.enumerated() {
      var entry = amqp_table_entry_t()
      entry.key = bytes(pair.key)
      entry.value = field(pair.value)
      entries.initializeElement(at: index, to: entry)
    }
    return amqp_table_t(num_entries: Int32(values.count), entries: entries.baseAddress)
  }

  private mutating func field(_ value: HeaderValue) -> amqp_field_value_t {
    var field = amqp_field_value_t()
    switch value {
    case .string(let text):
      field.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
      field.value.bytes = bytes(text)
    case .integer(let number):
      field.kind = UInt8(AMQP_FIELD_KIND_I64.rawValue)
      field.value.i64 = number
    case .boolean(let flag):
      field.kind = UInt8(AMQP_FIELD_KIND_BOOLEAN.rawValue)
      field.value.boolean = flag ? 1 : 0
    case .list(let texts):
      field.kind = UInt8(AMQP_FIELD_KIND_ARRAY.rawValue)
      field.value.array = array(texts)
    }
    return field
  }

  private mutating func array(_ texts: [String]) -> amqp_array_t {
    if texts.isEmpty { return amqp_array_t() }
    let stride = MemoryLayout<amqp_field_value_t>.stride
    let entries = take(texts.count * stride, alignment: 16)
      .bindMemory(to: amqp_field_value_t.self)
    for (index, text) in texts.enumerated() {
      entries.initializeElement(at: index, to: field(.string(text)))
    }
    return amqp_array_t(num_entries: Int32(texts.count), entries: entries.baseAddress)
  }

  private mutating func take(_ count: Int, alignment: Int) -> UnsafeMutableRawBufferPointer {
    let start = (used + alignment - 1) / alignment * alignment
    precondition(start + count <= memory.count, "more memory was lent than a message may hold")
    used = start + count
    return UnsafeMutableRawBufferPointer(rebasing: memory[start..<used])
  }
}

extension OutgoingMessage {
  /// Why AMQP cannot carry it, in the broker's own words; checked before anything is written,
  /// because half a message on the wire ends the connection for all.
  var misfit: PublishResult? {
    let short = [
      ("exchange", exchange), ("routing key", routingKey), ("message id", messageID),
      ("type", type ?? ""), ("content type", contentType), ("user", user ?? ""),
    ]
    for (name, text) in short where text.utf8.count > 255 {
      return .returned(code: 502, text: "\(name) has \(text.utf8.count) bytes, AMQP allows 255")
    }
    guard let size = Self.bytes(ofHeaders: headers) else {
      return .returned(code: 502, text: "a header name has more than 128 bytes")
    }
    if size > Self.maximumHeaderBytes {
      return .returned(
        code: 501, text: "the headers have \(size) bytes, AMQP allows \(Self.maximumHeaderBytes)")
    }
    return nil
  }
}

extension String {
  init(_ bytes: amqp_bytes_t) {
    self.init(
      decoding: UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.len), as: UTF8.self)
  }
}

/// Message after message has the same exchange, key and type: the last text is used again instead
/// of being made anew.
struct RepeatedText {
  private var last = ""

  mutating func text(_ bytes: amqp_bytes_t) -> String {
    let same = last.withUTF8 { utf8 in
      utf8.elementsEqual(UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.len))
    }
    if !same { last = String(bytes) }
    return last
  }
}

extension [String: HeaderValue] {
  /// Tables, fractions and arrays of anything but texts are never ours and are left out.
  init(_ table: amqp_table_t) {
    self.init()
    for index in 0..<Int(table.num_entries) {
      let entry = table.entries[index]
      if let value = HeaderValue(entry.value) { self[String(entry.key)] = value }
    }
  }
}

extension HeaderValue {
  init?(_ field: amqp_field_value_t) {
    let value = field.value
    switch UInt32(field.kind) {
    case UInt32(AMQP_FIELD_KIND_UTF8.rawValue), UInt32(AMQP_FIELD_KIND_BYTES.rawValue):
      self = .string(String(value.bytes))
    case UInt32(AMQP_FIELD_KIND_BOOLEAN.rawValue): self = .boolean(value.boolean != 0)
    case UInt32(AMQP_FIELD_KIND_I8.rawValue): self = .integer(Int64(value.i8))
    case UInt32(AMQP_FIELD_KIND_U8.rawValue): self = .integer(Int64(value.u8))
    case UInt32(AMQP_FIELD_KIND_I16.rawValue): self = .integer(Int64(value.i16))
    case UInt32(AMQP_FIELD_KIND_U16.rawValue): self = .integer(Int64(value.u16))
    case UInt32(AMQP_FIELD_KIND_I32.rawValue): self = .integer(Int64(value.i32))
    case UInt32(AMQP_FIELD_KIND_U32.rawValue): self = .integer(Int64(value.u32))
    case UInt32(AMQP_FIELD_KIND_I64.rawValue): self = .integer(value.i64)
    case UInt32(AMQP_FIELD_KIND_U64.rawValue), UInt32(AMQP_FIELD_KIND_TIMESTAMP.rawValue):
      guard let number = Int64(exactly: value.u64) else { return nil }
      self = .integer(number)
    case UInt32(AMQP_FIELD_KIND_ARRAY.rawValue):
      guard let texts = Self.texts(value.array) else { return nil }
      self = .list(texts)
    default: return nil
    }
  }

  /// `nil` if it holds anything but texts.
  private static func texts(_ array: amqp_array_t) -> [String]? {
    var texts: [String] = []
    for index in 0..<Int(array.num_entries) {
      guard case .string(let text)? = HeaderValue(array.entries[index]) else { return nil }
      texts.append(text)
    }
    return texts
  }
}
