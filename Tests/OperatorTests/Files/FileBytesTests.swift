import Testing

@testable import closectl

@Suite struct FileBytesTests {
  private func read(_ bytes: [UInt8], name: String = "t.gz") throws -> String {
    let scratch = try Scratch()
    let file = try FileBytes(try scratch.write(bytes, to: name))
    var result: [UInt8] = []
    let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1000)
    defer { buffer.deallocate() }
    while true {
      let count = try file.read(into: buffer)
      if count == 0 { return String(decoding: result, as: UTF8.self) }
      result += buffer[..<count]
    }
  }

  private func reason(_ bytes: [UInt8], name: String = "t.gz") -> String? {
    do {
      _ = try read(bytes, name: name)
      return nil
    } catch {
      return (error as? FileFault)?.reason
    }
  }

  private let long = String(repeating: "0123456789\n", count: 20_000)

  @Test func `Plain and compressed files read the same`() throws {
    #expect(try read(Array(long.utf8), name: "t.csv") == long)
    #expect(try read(gzip(long)) == long)
    #expect(try read(gzip("")) == "")
    #expect(try read([], name: "t.csv") == "")
    #expect(try read([0x41], name: "t.csv") == "A")
  }

  @Test func `Compression is told by the content`() throws {
    #expect(try read(gzip("a"), name: "t.csv") == "a")
    #expect(reason(Array("a,b\n".utf8)) == "is named .gz but contains no gzip data")
  }

  @Test func `Members that follow one another are one file`() throws {
    #expect(try read(gzip("one ") + gzip(long) + gzip("three")) == "one " + long + "three")
  }

  @Test func `Zero bytes may follow but nothing else`() throws {
    #expect(try read(gzip("a") + [0, 0, 0]) == "a")
    #expect(
      reason(gzip("a") + Array("junk".utf8)) == "the gzip data is damaged: incorrect header check")
    #expect(
      reason(gzip("a") + [0, 0, 7]) == "the gzip data is damaged: other bytes follow its end")
  }

  @Test(arguments: [1, 8, 9, 1000])
  func `Half a file is not a file`(missing: Int) {
    let whole = gzip(long)
    #expect(
      reason(Array(whole.dropLast(missing)))
        == "the gzip data is cut off: the file is not complete")
  }

  @Test func `Changed bytes are noticed`() {
    var bytes = gzip(long)
    bytes[5000] ^= 1
    #expect(reason(bytes) == "the gzip data is damaged: incorrect data check")
  }

  @Test func `A file that is not there is named`() {
    #expect {
      _ = try FileBytes("/nowhere/usage.csv")
    } throws: {
      "\($0)" == "/nowhere/usage.csv: cannot be opened: No such file or directory"
    }
  }

  @Test func `A folder is not a file`() throws {
    let scratch = try Scratch()
    let file = try FileBytes(scratch.folder)
    let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 10)
    defer { buffer.deallocate() }
    #expect { _ = try file.read(into: buffer) } throws: {
      "\($0)" == "\(scratch.folder): cannot be read: Is a directory"
    }
  }
}
