import Glibc

/// A file that is written beside its name and renamed when it is whole.
final class OutputFile {
  private let path: String
  private let file: UnsafeMutablePointer<FILE>
  private var isOpen = true
  private var temporary: String { path + ".part" }

  init(_ path: String) throws {
    self.path = path
    guard let file = fopen(path + ".part", "we") else {
      throw FileFault(path, "cannot be written: \(String(cString: strerror(errno)))")
    }
    self.file = file
  }

  deinit {
    if isOpen {
      fclose(file)
      unlink(temporary)
    }
  }

  func write(_ bytes: [UInt8]) throws {
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw failure() }
  }

  /// As a line of CSV.
  func write(record fields: [[UInt8]]) throws {
    var line: [UInt8] = []
    for (index, field) in fields.enumerated() {
      if index > 0 { line.append(UInt8(ascii: ",")) }
      line += escaped(field)
    }
    line += [UInt8(ascii: "\r"), UInt8(ascii: "\n")]
    try write(line)
  }

  func finish() throws {
    guard fflush(file) == 0, fsync(fileno(file)) == 0 else { throw failure() }
    isOpen = false
    guard fclose(file) == 0, rename(temporary, path) == 0 else { throw failure() }
  }

  private func failure() -> FileFault {
    FileFault(path, "cannot be written: \(String(cString: strerror(errno)))")
  }
}

/// RFC 4180, and no formula for a spreadsheet: what begins like one and is not a number gets an
/// apostrophe in front.
func escaped(_ field: [UInt8]) -> [UInt8] {
  var text = field
  if let first = field.first, "=+-@\t\r".utf8.contains(first), !isNumber(field) {
    text.insert(UInt8(ascii: "'"), at: 0)
  }
  guard text.contains(where: { "\",\r\n".utf8.contains($0) }) else { return text }
  let quote = UInt8(ascii: "\"")
  return [quote] + text.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
}

private func isNumber(_ field: [UInt8]) -> Bool {
  let digits = field.dropFirst(field.first == UInt8(ascii: "-") ? 1 : 0)
  return !digits.isEmpty
    && digits.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
}
