import Glibc
import Ledger

/// A file for its owner alone that is written beside its name and renamed when it is whole. What is
/// there under its name is replaced if it is a regular file, and left alone if it is anything else.
final class OutputFile {
  private let path: String
  private let temporary: String
  private let file: UnsafeMutablePointer<FILE>
  private var isOpen = true

  init(_ path: String) throws(OutputFault) {
    self.path = path
    // An unguessable name, which therefore cannot be taken already.
    temporary = "\(path).\(String(UInt64.random(in: 0...UInt64.max), radix: 36)).part"
    try Self.check(path)
    let descriptor: CInt
    do throws(PrivateFileFault) {
      descriptor = try PrivateFile.create(temporary)
    } catch {
      throw OutputFault(error, path)
    }
    guard let file = fdopen(descriptor, "w") else {
      let code = errno
      close(descriptor)
      unlink(temporary)
      throw .unwritable(path, String(cString: strerror(code)))
    }
    self.file = file
  }

  /// Called before the work whose outcome the file will hold.
  static func check(_ path: String) throws(OutputFault) {
    do throws(PrivateFileFault) {
      try PrivateFile.requireRegular(path)
    } catch {
      throw OutputFault(error, path)
    }
  }

  deinit {
    if isOpen {
      fclose(file)
      unlink(temporary)
    }
  }

  func write(_ bytes: [UInt8]) throws(OutputFault) {
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw failure() }
  }

  /// As a line of CSV.
  func write(
    record fields: [[UInt8]], separator: UInt8 = ColumnSeparator.comma
  ) throws(OutputFault) {
    var line: [UInt8] = []
    for (index, field) in fields.enumerated() {
      if index > 0 { line.append(separator) }
      line += escaped(field, separator: separator)
    }
    line += [UInt8(ascii: "\r"), UInt8(ascii: "\n")]
    try write(line)
  }

  func finish() throws(OutputFault) {
    guard fflush(file) == 0, fsync(fileno(file)) == 0 else { throw failure() }
    isOpen = false
    guard fclose(file) == 0, rename(temporary, path) == 0 else {
      let fault = failure()
      unlink(temporary)
      throw fault
    }
  }

  private func failure() -> OutputFault {
    .unwritable(path, String(cString: strerror(errno)))
  }
}

extension OutputFault {
  fileprivate init(_ fault: PrivateFileFault, _ path: String) {
    self =
      switch fault {
      case .notRegular(_, let kind): .unwritable(path, "it is \(kind), not a regular file")
      case .system(_, let code): .unwritable(path, String(cString: strerror(code)))
      }
  }
}

/// RFC 4180, and no formula for a spreadsheet: what begins like one and is not a number gets an
/// apostrophe in front.
func escaped(_ field: [UInt8], separator: UInt8 = ColumnSeparator.comma) -> [UInt8] {
  var text = field
  if let first = field.first, "=+-@\t\r".utf8.contains(first), !isNumber(field) {
    text.insert(UInt8(ascii: "'"), at: 0)
  }
  let isPlain = !text.contains { $0 == separator || "\"\r\n".utf8.contains($0) }
  if isPlain { return text }
  let quote = UInt8(ascii: "\"")
  return [quote] + text.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
}

private func isNumber(_ field: [UInt8]) -> Bool {
  let digits = field.dropFirst(field.first == UInt8(ascii: "-") ? 1 : 0)
  return !digits.isEmpty
    && digits.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
}
