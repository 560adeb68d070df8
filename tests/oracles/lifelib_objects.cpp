// Reads patterns (RLE, one a line) and writes the objects that lifelib finds in each: apgcode and number, in turn.
#include "pattern2.h"
#include "classifier.h"
#include <iostream>

int main(int, char** argv) {
    const std::string rule = argv[1];
    apg::lifetree<uint32_t, 1> tree(1000);
    apg::classifier classifier(&tree, rule);
    std::string line;
    while (std::getline(std::cin, line)) {
        for (const auto& object : classifier.census(apg::pattern(&tree, line, rule), 512))
            std::cout << object.first << ' ' << object.second << ' ';
        std::cout << std::endl;
    }
}
