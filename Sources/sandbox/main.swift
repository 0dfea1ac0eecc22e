print("placeholder")
import Hummingbird
