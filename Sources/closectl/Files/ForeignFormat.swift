/// Recognises a file that is neither UTF-8 text nor gzip by its first bytes, whatever its name, so
/// that the error can name the format and say how to get a readable file.
enum ForeignFormat {
  /// How many bytes are examined, if there are that many.
  static let window = 512

  private static let asCSV = "save the sheet as \"CSV UTF-8\" and import that file"
  private static let marks: [(bytes: [UInt8], what: String)] = [
    ([0xff, 0xfe, 0x00, 0x00], "is text in UTF-32: save it as UTF-8"),
    ([0x00, 0x00, 0xfe, 0xff], "is text in UTF-32: save it as UTF-8"),
    ([0xff, 0xfe], "is text in UTF-16: save it as UTF-8"),
    ([0xfe, 0xff], "is text in UTF-16: save it as UTF-8"),
    ([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], "is an Excel workbook (.xls): \(asCSV)"),
    (Array("%PDF".utf8), "is a PDF document"),
    (Array("PAR1".utf8), "is a Parquet file: convert it to CSV"),
    (Array("BZh".utf8), "is compressed with bzip2: unpack it, or use gzip"),
    ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "is compressed with xz: unpack it, or use gzip"),
    ([0x28, 0xb5, 0x2f, 0xfd], "is compressed with zstd: unpack it, or use gzip"),
    ([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], "is a 7-Zip archive: unpack it, or use gzip"),
  ]

  /// `nil` for what may be text.
  static func fault(of start: UnsafeBufferPointer<UInt8>) -> String? {
    let start = start.prefix(window)
    let isZip = [[0x50, 0x4b, 0x03, 0x04], [0x50, 0x4b, 0x05, 0x06]].contains {
      start.starts(with: $0)
    }
    if isZip { return zip(start) }
    if let known = marks.first(where: { start.starts(with: $0.bytes) }) { return known.what }
    return hasZeroInEveryPair(start) ? "is text in UTF-16: save it as UTF-8" : nil
  }

  /// A workbook says in its first entries what it is.
  private static func zip(_ start: Slice<UnsafeBufferPointer<UInt8>>) -> String {
    let names = String(decoding: start, as: UTF8.self)
    if names.contains("opendocument.spreadsheet") {
      return "is an OpenDocument spreadsheet (.ods): \(asCSV)"
    }
    if names.contains("[Content_Types].xml") || names.contains("xl/") {
      return "is an Excel workbook (.xlsx): \(asCSV)"
    }
    return "is a zip archive, as Excel workbooks (.xlsx) are: \(asCSV), or unpack the archive"
  }

  /// UTF-16 without a byte order mark: ASCII has a zero byte in every pair there, and text in UTF-8
  /// has none at all.
  private static func hasZeroInEveryPair(_ start: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    let first = Array(start.prefix(16))
    guard first.count >= 4 else { return false }
    let pairs = stride(from: 0, to: first.count - 1, by: 2)
    return pairs.allSatisfy { (first[$0] == 0) != (first[$0 + 1] == 0) }
  }
}
