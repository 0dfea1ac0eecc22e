import Testing

@testable import closectl

@Suite struct CSVReaderTests {
  enum Read: Equatable {
    case row([String])
    case bad(line: Int, field: Int?, String)
  }

  private func read(_ bytes: [UInt8]) throws -> [Read] {
    let scratch = try Scratch()
    let reader = CSVReader(try FileBytes(try scratch.write(bytes, to: "t.csv")))
    var result: [Read] = []
    while true {
      switch try reader.next() {
      case .end: return result
      case .malformed(let field, let why):
        result.append(.bad(line: reader.line, field: field, why))
      case .record:
        result.append(
          .row((0..<reader.fieldCount).map { String(decoding: reader.field($0), as: UTF8.self) }))
      }
    }
  }

  private func read(_ text: String) throws -> [Read] { try read(Array(text.utf8)) }

  @Test(
    arguments: [
      ("a,b\n1,2\n", [.row(["a", "b"]), .row(["1", "2"])]),
      ("a,b\r\n1,2\r\n", [.row(["a", "b"]), .row(["1", "2"])]),
      ("a,b", [.row(["a", "b"])]),
      ("a,b\r\n", [.row(["a", "b"])]),
      ("", []),
      ("\n\r\n\n", []),
      (",\n", [.row(["", ""])]),
      ("a,,c\n", [.row(["a", "", "c"])]),
      ("\u{feff}a,b\n", [.row(["a", "b"])]),
      ("\"a\",b\n", [.row(["a", "b"])]),
      ("\"a,b\",c\n", [.row(["a,b", "c"])]),
      ("\"a\"\"b\",c\n", [.row(["a\"b", "c"])]),
      ("\"\"\"\",\"\"\n", [.row(["\"", ""])]),
      ("\"a\nb\",c\nd,e\n", [.row(["a\nb", "c"]), .row(["d", "e"])]),
      ("\"a\r\nb\"\r\nd\r\n", [.row(["a\r\nb"]), .row(["d"])]),
      ("a,\"b\"", [.row(["a", "b"])]),
      ("a,\"b\"\r\n", [.row(["a", "b"])]),
      ("Zürich,中\n", [.row(["Zürich", "中"])]),
    ] as [(String, [Read])])
  func `Records are read as RFC 4180 says`(text: String, expected: [Read]) throws {
    #expect(try read(text) == expected)
  }

  @Test(
    arguments: [
      (
        "a\"b,c\nd,e\n",
        [
          .bad(line: 1, field: 0, "has a quote inside; quote the whole field and double it"),
          .row(["d", "e"]),
        ]
      ),
      (
        "a,\"b\"x\nd,e\n",
        [.bad(line: 1, field: 1, "has characters after its closing quote"), .row(["d", "e"])]
      ),
      (
        "a,\"b\nd,e\n",
        [.bad(line: 1, field: 1, "has a quote that is not closed"), .row(["d", "e"])]
      ),
    ] as [(String, [Read])])
  func `A broken record is told and reading goes on after its line`(text: String, expected: [Read])
    throws
  {
    #expect(try read(text) == expected)
  }

  @Test func `Lines inside quotes are counted`() throws {
    let read = try read("\"a\n\n\nb\",c\nx\"y\n")
    #expect(
      read.last
        == .bad(line: 5, field: 0, "has a quote inside; quote the whole field and double it"))
  }

  @Test func `Bytes that are not UTF-8 are a bad field`() throws {
    let read = try read(Array("a,".utf8) + [0xc3, 0x28] + Array("\nc,d\n".utf8))
    #expect(read == [.bad(line: 1, field: 1, "is not valid UTF-8"), .row(["c", "d"])])
  }

  @Test func `A line without end costs bounded memory and is passed over`() throws {
    let long = String(repeating: "x", count: 5 * CSVReader.longestRecord)
    #expect(
      try read("a,b\n\(long)\nc,d\n") == [
        .row(["a", "b"]), .bad(line: 2, field: nil, "is longer than 65536 bytes"),
        .row(["c", "d"]),
      ])
  }

  @Test func `A quote that is never closed spoils only its line`() throws {
    let rest = String(repeating: "row,row\n", count: 20_000)
    let read = try read("\"a,b\n" + rest)
    #expect(read.count == 20_001)
    #expect(read.first == .bad(line: 1, field: nil, "has a quote that is not closed"))
    #expect(read.last == .row(["row", "row"]))
  }

  @Test func `Records are whole where the window ends`() throws {
    let row = "field-one,\"quoted \"\"two\"\"\nwith a line\",three\n"
    let count = 3 * 4 * CSVReader.longestRecord / row.utf8.count
    let read = try read(String(repeating: row, count: count))
    #expect(read.count == count)
    #expect(read.allSatisfy { $0 == .row(["field-one", "quoted \"two\"\nwith a line", "three"]) })
  }

  @Test func `Too many fields are refused`() throws {
    let wide = String(repeating: ",", count: CSVReader.mostFields)
    #expect(try read(wide + "\n") == [.bad(line: 1, field: nil, "has more than 256 fields")])
    #expect(try read("\"\"" + wide + "\n").count == 1)
  }
}
