import Testing

@testable import closectl

@Suite struct ForeignFormatTests {
  private func fault(_ bytes: [UInt8]) -> String? {
    bytes.withUnsafeBufferPointer { ForeignFormat.fault(of: $0) }
  }

  private func utf16(_ text: String, littleEndian: Bool) -> [UInt8] {
    text.utf16.flatMap { unit in
      let bytes = [UInt8(unit >> 8), UInt8(unit & 255)]
      return littleEndian ? bytes.reversed() : bytes
    }
  }

  @Test func `What is no text is named`() {
    let header = "account_id,name"
    for (mark, little) in [([0xff, 0xfe] as [UInt8], true), ([0xfe, 0xff], false), ([], true)] {
      #expect(
        fault(mark + utf16(header, littleEndian: little)) == "is text in UTF-16: save it as UTF-8")
    }
    let zip: [UInt8] = [0x50, 0x4b, 3, 4]
    #expect(fault(zip)?.hasPrefix("is a zip archive, as Excel workbooks") == true)
    #expect(
      fault(zip + Array("….[Content_Types].xml".utf8))?.hasPrefix("is an Excel workbook") == true)
    #expect(fault(Array("%PDF-1.7".utf8)) == "is a PDF document")
  }

  @Test(arguments: ["", "a", "a,b\n1,2\n", "\u{feff}a,b\n", "{\"id\":\"1\"}", "PK,b\n", "名,b\n"])
  func `Text is text`(_ text: String) {
    #expect(fault(Array(text.utf8)) == nil)
  }

  @Test func `A renamed workbook is refused whatever reads it`() throws {
    let scratch = try Scratch()
    let zip: [UInt8] = [0x50, 0x4b, 3, 4] + Array("xl/workbook.xml".utf8)
    for name in ["t.csv", "t.jsonl", "t.yaml"] {
      let path = try scratch.write(zip, to: name)
      #expect {
        if name == "t.yaml" {
          _ = try CatalogFile.read(path)
        } else {
          _ = try UsageFeed(path, skipBad: false).next()
        }
      } throws: {
        "\($0)".hasPrefix("\(path): is an Excel workbook (.xlsx): save the sheet")
      }
    }
  }
}
