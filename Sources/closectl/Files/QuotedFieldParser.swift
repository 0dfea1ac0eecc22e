import Glibc

/// Finds the fields of a record that has quotes in it. Doubled quotes become single ones in place,
/// but only once the record is known to be whole.
struct QuotedFieldParser {
  enum Result: Equatable {
    case complete(end: Int, fields: Int)
    case broken(field: Int, String)
    case needsMore
  }

  let bytes: UnsafeMutablePointer<UInt8>
  private let separator: UInt8
  private let start: Int
  private let filled: Int
  private(set) var lineFeeds = 0
  private var index: Int
  private var withDoubled: [Int] = []

  init(
    bytes: UnsafeMutablePointer<UInt8>, from start: Int, to filled: Int,
    separator: UInt8 = UInt8(ascii: ",")
  ) {
    self.bytes = bytes
    self.separator = separator
    self.start = start
    self.filled = filled
    index = start
  }

  mutating func run(
    into bounds: UnsafeMutablePointer<(start: Int, end: Int)>, capacity: Int, atEnd: Bool
  ) -> Result {
    var count = 0
    while true {
      if count == capacity { return .broken(field: count - 1, "is followed by too many fields") }
      if index == filled, !atEnd { return .needsMore }
      let isQuoted = index < filled && bytes[index] == quote
      if let failure = isQuoted
        ? quoted(count, &bounds[count], atEnd) : plain(count, &bounds[count], atEnd)
      {
        return failure
      }
      count += 1
      if index < filled, bytes[index] == separator {
        index += 1
        continue
      }
      for field in withDoubled { undouble(&bounds[field]) }
      return .complete(end: index, fields: count)
    }
  }

  /// Leaves `index` on the separator, the line feed or the end that closes the field.
  private mutating func plain(
    _ field: Int, _ bounds: inout (start: Int, end: Int), _ atEnd: Bool
  ) -> Result? {
    let from = index
    while index < filled, bytes[index] != separator, bytes[index] != lineFeed {
      if bytes[index] == quote {
        return .broken(field: field, "has a quote inside; quote the whole field and double it")
      }
      index += 1
    }
    if index == filled, !atEnd { return .needsMore }
    let isLast = index == filled || bytes[index] == lineFeed
    let end = isLast && index > from && bytes[index - 1] == carriageReturn ? index - 1 : index
    bounds = (from, end)
    return nil
  }

  private mutating func quoted(
    _ field: Int, _ bounds: inout (start: Int, end: Int), _ atEnd: Bool
  ) -> Result? {
    index += 1
    let from = index
    var hasDoubled = false
    while true {
      while index < filled, bytes[index] != quote {
        if bytes[index] == lineFeed { lineFeeds += 1 }
        index += 1
      }
      if index == filled {
        return atEnd ? .broken(field: field, "has a quote that is not closed") : .needsMore
      }
      if index + 1 == filled, !atEnd { return .needsMore }
      if index + 1 < filled, bytes[index + 1] == quote {
        hasDoubled = true
        index += 2
        continue
      }
      break
    }
    bounds = (from, index)
    if hasDoubled { withDoubled.append(field) }
    index += 1
    return afterQuote(field, atEnd)
  }

  private mutating func afterQuote(_ field: Int, _ atEnd: Bool) -> Result? {
    if index < filled, bytes[index] == carriageReturn {
      if index + 1 == filled, !atEnd { return .needsMore }
      if index + 1 == filled || bytes[index + 1] == lineFeed { index += 1 }
    }
    if index == filled || bytes[index] == separator || bytes[index] == lineFeed { return nil }
    return .broken(field: field, "has characters after its closing quote")
  }

  private func undouble(_ bounds: inout (start: Int, end: Int)) {
    var write = bounds.start
    var read = bounds.start
    while read < bounds.end {
      bytes[write] = bytes[read]
      read += bytes[read] == quote ? 2 : 1
      write += 1
    }
    bounds.end = write
  }
}

private let quote = UInt8(ascii: "\"")
private let lineFeed = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")
