import CRabbitMQ

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
  /// Tables, fractions and arrays of anything but texts are not ours and are left out.
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

  /// `nil` where there is anything but texts in it.
  private static func texts(_ array: amqp_array_t) -> [String]? {
    var texts: [String] = []
    for index in 0..<Int(array.num_entries) {
      guard case .string(let text)? = HeaderValue(array.entries[index]) else { return nil }
      texts.append(text)
    }
    return texts
  }
}
