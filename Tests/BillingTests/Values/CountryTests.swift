import Billing
import Testing

@Suite struct CountryTests {
  @Test(arguments: ["CH", "GB", "GR", "NO", "XK", "CW", "SX", "BQ", "TL"])
  func `Countries are taken`(code: String) {
    #expect(Country.fault(code) == nil)
  }

  @Test(arguments: [
    ("UK", "GB"), ("EL", "GR"), ("XI", "GB"), ("AN", "CW"), ("EU", "own code"), ("ch", "\"CH\""),
    ("uk", "GB"), ("CHE", "CH"), ("XX", "not assigned"), ("ZZ", "not assigned"),
    ("AA", "not assigned"),
    ("", "like CH"), ("C", "like CH"), ("Ç", "like CH"), ("QQ", "like CH"),
  ])
  func `What is none is refused with the right one`(code: String, right: String) {
    #expect(Country.fault(code)?.contains(right) == true)
  }
}
